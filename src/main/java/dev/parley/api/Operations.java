package dev.parley.api;

import static java.util.stream.Collectors.toUnmodifiableMap;

import dev.parley.auth.Principal;
import dev.parley.error.ParleyException;
import dev.parley.http.Exchange;
import dev.parley.http.Route;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/** The API's operations, as routes and by name. Thread-safe. */
final class Operations {

    private final RequestAuthenticator callers;
    private final int maxBody;
    private final Map<String, Operation> byName;
    private final List<Operation> all;

    /** @param maxBody of a request's body, in bytes */
    public Operations(RequestAuthenticator callers, int maxBody, List<Operation> operations) {
        this.callers = callers;
        this.maxBody = maxBody;
        this.all = List.copyOf(operations);
        this.byName = all.stream().collect(toUnmodifiableMap(Operation::name, Function.identity()));
    }

    public List<Route> routes() {
        return all.stream()
                .map(operation ->
                        new Route(operation.method(), operation.template(), exchange -> serve(operation, exchange)))
                .toList();
    }

    /** Does what a socket's {@code call} asks for; answers JSON. */
    public Mono<byte[]> call(Principal who, String method, byte[] params) {
        return Mono.defer(() -> {
            Operation operation = byName.get(method);
            if (operation == null) {
                throw ParleyException.badRequest("method is unknown: known are "
                        + String.join(", ", byName.keySet().stream().sorted().toList()));
            }
            who.requireAnyOf(operation.roles());
            return operation
                    .action()
                    .apply(who, RequestParameters.parse("params", params))
                    .map(Operation.Result::jsonOrNull);
        });
    }

    private Mono<Void> serve(Operation operation, Exchange exchange) {
        Principal who = callers.caller(exchange, operation.writes());
        who.requireAnyOf(operation.roles());
        return body(operation, exchange)
                .map(params -> completed(params, exchange))
                .flatMap(params -> operation.action().apply(who, params))
                .flatMap(result -> answer(exchange, result));
    }

    private Mono<RequestParameters> body(Operation operation, Exchange exchange) {
        if (!operation.writes()) {
            return Mono.fromSupplier(() -> RequestParameters.parse("the body", new byte[0]));
        }
        return exchange.body(maxBody).map(body -> {
            if (body.length > 0) {
                exchange.requireContentType("application/json");
            }
            return RequestParameters.parse("the body", body);
        });
    }

    /** With what the request says beside its body: that goes before what the body says. */
    private static RequestParameters completed(RequestParameters params, Exchange exchange) {
        exchange.queries().forEach(params::put);
        exchange.paths().forEach(params::put);
        params.put("idempotency_key", RequestAuthenticator.idempotencyKey(exchange));
        params.put("if_match", exchange.header("If-Match"));
        return params;
    }

    private static Mono<Void> answer(Exchange exchange, Operation.Result result) {
        for (int i = 0; i < result.headers().length; i += 2) {
            exchange.response().header(result.headers()[i], result.headers()[i + 1]);
        }
        return result.json() == null ? exchange.empty(result.status()) : exchange.json(result.status(), result.json());
    }
}
