package dev.parley.http;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;

/** Reads a request's body, bounded in bytes and in time. */
record Body(HttpServerRequest request, int maxBytes, Duration timeout) {

    Mono<byte[]> read() {
        return Mono.defer(() -> declared() > maxBytes
                ? Mono.error(tooLarge())
                : Whole.of(request.receive().asByteArray(), maxBytes, this::tooLarge)
                        .timeout(timeout, Mono.error(this::late)));
    }

    /** The bytes that are to come, 0 when the client does not say. The server has refused what is no number. */
    private long declared() {
        String length = request.requestHeaders().get(HttpHeaderNames.CONTENT_LENGTH);
        return length == null ? 0 : Long.parseLong(length);
    }

    private Refusal tooLarge() {
        return Refusal.of(ErrorCode.TOO_LARGE, "the body is too large: at most " + maxBytes + " bytes are taken here");
    }

    private ProblemException late() {
        return Problem.of(
                        HttpResponseStatus.REQUEST_TIMEOUT,
                        "the body did not arrive within " + timeout.toMillis() + " ms: send it whole")
                .exception();
    }
}
