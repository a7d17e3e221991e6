package dev.parley.api;

import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import io.netty.handler.codec.http.HttpMethod;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Something that can be asked for: over HTTP by its route, over a socket by its name. What it is asked with is the same in both.
 *
 * @param name such as {@code session.get}
 * @param template of the route; what it names in braces is a parameter of the operation
 * @param roles whoever has one of them may ask
 * @param action what it does, as a cold Mono of its result; fails with {@link dev.parley.error.ParleyException}
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
     * What came of it.
     *
     * @param status for HTTP
     * @param json null where there is nothing to say
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
