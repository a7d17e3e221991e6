package dev.parley.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.ProblemException;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/** The gateway's own errors, in the format of OpenAI's API. */
record ErrorAnswer(int status, String code, String message, int retryMs, List<String> headers) {

    /** Answers with an error; fails if the response has already begun, or the client has disconnected. */
    static Mono<Void> answer(Exchange exchange, Throwable thrown) {
        Throwable error = Exceptions.unwrap(thrown);
        ErrorAnswer answer = of(error);
        return exchange.response().hasSentHeaders() || answer == null
                ? Mono.error(known(error))
                : answer.send(exchange);
    }

    private static @Nullable ErrorAnswer of(Throwable error) {
        if (error instanceof ProxyException refused) {
            return new ErrorAnswer(
                    refused.status(),
                    refused.code(),
                    text(refused),
                    refused.status() == 503 ? 1000 : 0,
                    // The SDKs retry a 5xx unless this header forbids it.
                    refused.isLasting() ? List.of("x-should-retry", "false") : List.of());
        }
        Problem problem = error instanceof ProblemException refused
                ? refused.problem()
                : error instanceof ParleyException refusal ? Problem.of(refusal) : null;
        return problem == null
                ? null
                : new ErrorAnswer(
                        problem.status(),
                        problem.code().wire(),
                        problem.detail(),
                        problem.retryMs(),
                        problem.headers());
    }

    /** An upstream's failure is not this node's. */
    private static Throwable known(Throwable error) {
        return error instanceof ProxyException ? ParleyException.of(ErrorCode.UNAVAILABLE, text(error)) : error;
    }

    private static String text(Throwable error) {
        return Objects.requireNonNullElse(error.getMessage(), "");
    }

    private Mono<Void> send(Exchange exchange) {
        return Mono.defer(() -> {
            exchange.answerWith(headers);
            if (retryMs > 0) {
                exchange.answerWith(
                        List.of(HttpHeaderNames.RETRY_AFTER.toString(), Long.toString((retryMs + 999L) / 1000)));
            }
            if (status == 401) {
                exchange.answerWith(List.of(HttpHeaderNames.WWW_AUTHENTICATE.toString(), "Bearer"));
            }
            if (status == 408) {
                // The rest of the body may still arrive, and would be taken for the next request's.
                exchange.response().keepAlive(false);
            }
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.putObject("error")
                    .put("message", message)
                    .put("type", type())
                    .putNull("param")
                    .put("code", code);
            return exchange.json(status, Json.bytes(json));
        });
    }

    private String type() {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 429 -> "rate_limit_error";
            default -> status < 500 ? "invalid_request_error" : "server_error";
        };
    }
}
