package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerResponse;

/** A complete response. */
record HttpAnswer(int status, CharSequence contentType, byte[] body) {

    /** Sends it when subscribed to; a HEAD request gets its headers only. */
    Mono<Void> send(HttpServerResponse response) {
        return Mono.defer(() -> {
            response.status(status)
                    .header(HttpHeaderNames.CONTENT_TYPE, contentType)
                    .header(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(body.length));
            if (!response.responseHeaders().contains(HttpHeaderNames.CACHE_CONTROL)) {
                response.header(HttpHeaderNames.CACHE_CONTROL, "no-store");
            }
            return response.sendByteArray(Mono.just(body)).then();
        });
    }

    static Mono<Void> empty(int status, HttpServerResponse response) {
        return Mono.defer(() -> {
            response.status(HttpResponseStatus.valueOf(status)).header(HttpHeaderNames.CACHE_CONTROL, "no-store");
            return response.send();
        });
    }

    static Mono<Void> problem(Problem problem, HttpServerResponse response) {
        return Mono.defer(() -> {
            response.header(HttpHeaderNames.CACHE_CONTROL, "no-store");
            if (problem.retryMs() > 0) {
                response.header(HttpHeaderNames.RETRY_AFTER, Long.toString(problem.retryAfter()));
            }
            headers(problem.headers(), response);
            if (problem.status() == HttpResponseStatus.UNAUTHORIZED.code()) {
                response.header(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
            }
            if (problem.status() == HttpResponseStatus.REQUEST_TIMEOUT.code()) {
                // The rest of the body may still arrive, and would be taken for the next request's.
                response.keepAlive(false);
            }
            return new HttpAnswer(problem.status(), "application/problem+json", problem.json()).send(response);
        });
    }

    /** Names and values in turn; a name that is there already gets the new value. */
    static void headers(List<String> namesAndValues, HttpServerResponse response) {
        for (int i = 0; i < namesAndValues.size(); i += 2) {
            response.responseHeaders().set(namesAndValues.get(i), namesAndValues.get(i + 1));
        }
    }
}
