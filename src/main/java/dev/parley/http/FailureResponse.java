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

/** The response for a failed handler: the client receives what it may know, the log the rest. */
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

    /** Cuts the connection: part of the response has been sent, and without its end the client knows that it is incomplete. */
    private static Mono<Void> cutOff(HttpServerRequest request) {
        return Mono.fromRunnable(() -> request.withConnection(DisposableChannel::dispose));
    }

    /** Decided by the connection, not by the error: a closed channel may be another server's. */
    private static boolean gone(HttpServerRequest request) {
        AtomicBoolean active = new AtomicBoolean();
        request.withConnection(connection -> active.set(connection.channel().isActive()));
        return !active.get();
    }

    /** The path without the query, which may be confidential. */
    private static String path(HttpServerRequest request) {
        String target = request.uri();
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }
}
