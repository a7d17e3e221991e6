package dev.parley.api;

import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import io.netty.handler.codec.http.HttpMethod;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An operation of the API: over HTTP by its route, over a socket by its name, with the same parameters.
 *
 * @param name such as {@code session.get}
 * @param template of the route; names in braces are parameters of the operation
 * @param roles one of which the caller must have
 * @param action returns a cold Mono of the result; fails with {@link dev.parley.error.ParleyException}
 */
public record Operation(
        String name,
        HttpMethod method,
        String template,
        Set<Role> roles,
        BiFunction<Principal, RequestParameters, Mono<Operation.Result>> action) {

    private static final Set<Role> ANYBODY = Set.of(Role.values());
    private static final Set<Role> AGENTS = Set.of(Role.AGENT);

    /** For people and agents. */
    static Operation ofAnybody(
            String name,
            HttpMethod method,
            String template,
            BiFunction<Principal, RequestParameters, Mono<Operation.Result>> action) {
        return new Operation(name, method, template, ANYBODY, action);
    }

    /** For agents alone. */
    static Operation ofAgents(
            String name,
            HttpMethod method,
            String template,
            BiFunction<Principal, RequestParameters, Mono<Operation.Result>> action) {
        return new Operation(name, method, template, AGENTS, action);
    }

    boolean writes() {
        return !method.equals(HttpMethod.GET);
    }

    /**
     * The result of an operation.
     *
     * @param status for HTTP
     * @param json null if there is none
     * @param headers for HTTP, names and values in turn
     */
    record Result(int status, byte @Nullable [] json, String... headers) {

        private static final byte[] NOTHING = {'n', 'u', 'l', 'l'};

        static Result ok(byte[] json) {
            return new Result(200, json);
        }

        static Result created(byte[] json) {
            return new Result(201, json);
        }

        static Result empty() {
            return new Result(204, null);
        }

        /** For a {@code call}. */
        byte[] jsonOrNull() {
            return json == null ? NOTHING : json;
        }
    }
}
