package dev.parley.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Principal;
import dev.parley.ratelimit.LimitDecision;
import dev.parley.ratelimit.Limits;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.util.List;
import reactor.core.publisher.Mono;

/** {@code limits.take}, {@code limits.reserve} and {@code limits.settle}: agents ask whether they may, and tell what they have used. */
final class LimitOperations {

    private static final long MOST = 1_000_000_000;

    private final Limits limits;

    public LimitOperations(Limits limits) {
        this.limits = limits;
    }

    public List<Operation> operations() {
        return List.of(
                Operation.ofAgents("limits.take", HttpMethod.POST, "/v1/limits/{name}/take", this::take),
                Operation.ofAgents("limits.reserve", HttpMethod.POST, "/v1/limits/{name}/reserve", this::reserve),
                Operation.ofAgents("limits.settle", HttpMethod.POST, "/v1/limits/{name}/settle", this::settle));
    }

    private Mono<Operation.Result> take(Principal who, RequestParameters params) {
        return limits.take(
                        who,
                        params.id("name"),
                        params.optionalId("key"),
                        params.integer("cost", 1, MOST, 1),
                        params.optionalId("idempotency_key"))
                .map(taken -> result(200, standing(taken), taken));
    }

    private Mono<Operation.Result> reserve(Principal who, RequestParameters params) {
        return limits.reserve(
                        who,
                        params.id("name"),
                        params.optionalId("key"),
                        params.integer("cost", 1, MOST),
                        params.optionalId("idempotency_key"))
                .map(reserved -> result(
                        201,
                        standing(reserved.taken())
                                .put("reservation", reserved.reservation())
                                .put("reserved", reserved.amount()),
                        reserved.taken()));
    }

    private Mono<Operation.Result> settle(Principal who, RequestParameters params) {
        String reservation = params.id("reservation");
        return limits.settle(
                        who, params.id("name"), params.optionalId("key"), reservation, params.integer("used", 0, MOST))
                .map(settled -> result(
                        200,
                        standing(settled.taken())
                                .put("reservation", reservation)
                                .put("reserved", settled.reserved())
                                .put("used", settled.used())
                                .put("returned", settled.returned()),
                        settled.taken()));
    }

    private static ObjectNode standing(LimitDecision taken) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("limit", taken.limit().name())
                .put("remaining", taken.remaining())
                .put("reset_ms", taken.resetMs());
    }

    private static Operation.Result result(int status, ObjectNode json, LimitDecision taken) {
        return new Operation.Result(
                status,
                json.toString().getBytes(StandardCharsets.UTF_8),
                taken.headers().toArray(String[]::new));
    }
}
