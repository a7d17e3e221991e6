package dev.parley.http;

import dev.parley.error.ParleyException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableChannel;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/** What becomes of a request whose handler failed: the client is told what it may know, the log the rest. */
final class FailureResponse {

    private static final Logger LOG = LoggerFactory.getLogger(FailureResponse.class);

    private FailureResponse() {}

    static Mono<Void> answer(Throwable thrown, HttpServerRequest request, HttpServerResponse response) {
        Throwable error = Exceptions.unwrap(thrown);
        if (gone(request)) {
            LOG.debug("{} {}: the client has disconnected", request.method(), path(request), error);
            return Mono.empty();
        }
        Problem known = known(error);
        if (known == null) {
            LOG.warn("{} {} failed", request.method(), path(request), error);
        }
        return response.hasSentHeaders()
                ? cutOff(request)
                : HttpAnswer.problem(known == null ? Problem.internal() : known, response);
    }

    private static @Nullable Problem known(Throwable error) {
        if (error instanceof ParleyException refusal) {
            return Problem.of(refusal);
        }
        return error instanceof ProblemException refused ? refused.problem() : null;
    }

    /** Half an answer can't be taken back; without its end the client at least knows that it is half. */
    private static Mono<Void> cutOff(HttpServerRequest request) {
        return Mono.fromRunnable(() -> request.withConnection(DisposableChannel::dispose));
    }

    /** Decided by the connection, not by the error: a closed channel may as well be another server's. */
    private static boolean gone(HttpServerRequest request) {
        AtomicBoolean active = new AtomicBoolean();
        request.withConnection(connection -> active.set(connection.channel().isActive()));
        return !active.get();
    }

    /** Without the query, which may hold what is nobody's business. */
    private static String path(HttpServerRequest request) {
        String target = request.uri();
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }
}
