package dev.parley.http;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.function.LongPredicate;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;

/**
 * Reads a request's body, bounded in bytes and in time.
 *
 * @param room whether that many more bytes may be kept
 * @param timeout for a small body; each {@value #SLOWEST} bytes add a second
 */
record Body(HttpServerRequest request, int maxBytes, LongPredicate room, Duration timeout) {

    /** Bytes per second of a slow line. */
    private static final int SLOWEST = 256 << 10;

    Mono<byte[]> read() {
        return Mono.defer(() -> {
            long declared = declared();
            if (declared > maxBytes) {
                return Mono.error(tooLarge());
            }
            if (declared > 0 && !room.test(declared)) {
                return Mono.error(noRoom());
            }
            Flux<byte[]> parts = request.receive().asByteArray();
            return BodyCollector.of(declared > 0 ? parts : parts.doOnNext(this::takeRoom), maxBytes, this::tooLarge)
                    .timeout(timeout.plusSeconds(declared / SLOWEST), Mono.error(this::late));
        });
    }

    private void takeRoom(byte[] part) {
        if (!room.test(part.length)) {
            throw noRoom();
        }
    }

    private static ParleyException noRoom() {
        return ParleyException.of(
                ErrorCode.OVERLOADED, "this node has no memory for another request body: try again in a moment");
    }

    /** The declared length, 0 if the client declares none. The server has rejected invalid numbers. */
    private long declared() {
        String length = request.requestHeaders().get(HttpHeaderNames.CONTENT_LENGTH);
        return length == null ? 0 : Long.parseLong(length);
    }

    private ParleyException tooLarge() {
        return ParleyException.of(
                ErrorCode.TOO_LARGE, "the body is too large: at most " + maxBytes + " bytes are accepted");
    }

    private ProblemException late() {
        return ProblemException.of(
                HttpResponseStatus.REQUEST_TIMEOUT,
                "the body did not arrive within " + timeout.toMillis() + " ms: send it faster");
    }
}
