package dev.parley.http;

import static java.util.stream.Collectors.toUnmodifiableMap;

import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/** One request and its response. For its handler alone; responses are cold, and at most one may be sent. */
public final class Exchange {

    private static final String BEARER = "Bearer ";

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Map<String, String> path;
    private final Map<String, List<String>> query;
    private final Duration bodyTimeout;

    Exchange(
            HttpServerRequest request,
            HttpServerResponse response,
            Map<String, String> path,
            Map<String, List<String>> query,
            Duration bodyTimeout) {
        this.request = request;
        this.response = response;
        this.path = path;
        this.query = query;
        this.bodyTimeout = bodyTimeout;
    }

    public HttpServerRequest request() {
        return request;
    }

    public HttpServerResponse response() {
        return response;
    }

    /** The event loop of the request. */
    public Executor eventLoop() {
        AtomicReference<Executor> loop = new AtomicReference<>(Runnable::run);
        request.withConnection(connection -> loop.set(connection.channel().eventLoop()));
        return Objects.requireNonNull(loop.get());
    }

    /** Whether this is a HEAD request, whose response has no body: the methods below handle that, a handler that streams must. */
    public boolean headOnly() {
        return request.method().equals(HttpMethod.HEAD);
    }

    /** A parameter of the path, percent-decoded and otherwise unchecked. */
    public String path(String name) {
        String value = path.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the route's template has no parameter " + name);
        }
        return value;
    }

    /** The parameters of the path, percent-decoded; nothing else about them is checked. */
    public Map<String, String> paths() {
        return path;
    }

    /** A parameter of the path that must be an id; throws a {@link ParleyException} with {@code bad_request} when it is none. */
    public String id(String name) {
        String id = path(name);
        if (!Ids.valid(id)) {
            throw ParleyException.badRequest(name + " in the path " + Ids.RULE);
        }
        return id;
    }

    /** A parameter of the query, decoded; the first one when there are more, null when there is none. */
    public @Nullable String query(String name) {
        List<String> values = query.get(name);
        return values == null ? null : values.get(0);
    }

    /** The parameters of the query, decoded; the first one of each name. */
    public Map<String, String> queries() {
        return query.entrySet().stream()
                .collect(toUnmodifiableMap(
                        Map.Entry::getKey, entry -> entry.getValue().get(0)));
    }

    public @Nullable String header(CharSequence name) {
        return request.requestHeaders().get(name);
    }

    /** The token of {@code Authorization: Bearer …}, null when there is none. */
    public @Nullable String bearer() {
        String value = header(HttpHeaderNames.AUTHORIZATION);
        return value != null && value.regionMatches(true, 0, BEARER, 0, BEARER.length())
                ? value.substring(BEARER.length()).trim()
                : null;
    }

    /** The body's media type in lower case and without parameters, empty when there is none. */
    public String contentType() {
        String value = header(HttpHeaderNames.CONTENT_TYPE);
        CharSequence type = value == null ? null : HttpUtil.getMimeType(value);
        return type == null ? "" : type.toString().trim().toLowerCase(Locale.ROOT);
    }

    /** Throws a {@link ProblemException} with status 415 when the body is of another media type than the given one, in lower case. */
    public void requireContentType(String type) {
        if (!contentType().equals(type)) {
            throw ProblemException.of(HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type must be " + type);
        }
    }

    /**
     * The whole body; empty bytes if there is none. May be subscribed to once. Emits on the request's event loop.
     *
     * <p>Errors: a {@link ParleyException} with {@code too_large} when it has more bytes than allowed, before any is read if the client
     * declares it; a {@link ProblemException} with status 408 when it does not arrive within 30 s.
     */
    public Mono<byte[]> body(int maxBytes) {
        return body(maxBytes, bytes -> true);
    }

    /**
     * The same for large bodies.
     *
     * @param room asked before bytes are kept; if it returns false the Mono fails with a {@link ParleyException} with {@code overloaded}.
     *     The 30 s grow by one per 256 KiB that the client declares
     */
    public Mono<byte[]> body(int maxBytes, LongPredicate room) {
        return new Body(request, maxBytes, room, bodyTimeout).read();
    }

    /** Adds headers to the response that is still to be sent: names and values in turn. */
    public void answerWith(List<String> namesAndValues) {
        HttpAnswer.headers(namesAndValues, response);
    }

    public Mono<Void> json(int status, byte[] json) {
        return bytes(status, "application/json", json);
    }

    public Mono<Void> text(int status, String text) {
        return bytes(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /** A response of any type. As all responses here, it must not be cached unless {@code Cache-Control} is set already. */
    public Mono<Void> bytes(int status, String contentType, byte[] body) {
        return new HttpAnswer(status, contentType, body).send(response);
    }

    /** An answer without a body, such as 204. */
    public Mono<Void> empty(int status) {
        return HttpAnswer.empty(status, response);
    }
}
