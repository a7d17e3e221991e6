package dev.parley.http;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * Passes each request to the first matching route, for {@link reactor.netty.http.server.HttpServer#handle}. Thread-safe.
 *
 * <p>No route has the path: 404. One has it, but not for that method: 405 and {@code Allow}. {@code OPTIONS} is answered with {@code
 * Allow}. All responses forbid guessing their type. Once this server is stopping, writes are rejected, and no connection is kept for
 * another request.
 */
public final class Router implements BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> {

    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(30);

    private static final Set<HttpMethod> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    private final List<Entry> entries;
    private final Duration bodyTimeout;
    private final BooleanSupplier stopping;

    /** If several routes match a path, the first one is used. */
    public Router(List<Route> routes) {
        this(routes, () -> false);
    }

    /** @param stopping asked at each request */
    public Router(List<Route> routes, BooleanSupplier stopping) {
        this(routes, BODY_TIMEOUT, stopping);
    }

    Router(List<Route> routes, Duration bodyTimeout, BooleanSupplier stopping) {
        this.stopping = stopping;
        this.entries = routes.stream()
                .map(route -> new Entry(route, new PathTemplate(route.template())))
                .toList();
        this.bodyTimeout = bodyTimeout;
    }

    @Override
    public Publisher<Void> apply(HttpServerRequest request, HttpServerResponse response) {
        response.header("X-Content-Type-Options", "nosniff");
        return Mono.defer(() -> Mono.fromDirect(dispatch(request, response)))
                .onErrorResume(error -> FailureResponse.answer(error, request, response));
    }

    private Publisher<Void> dispatch(HttpServerRequest request, HttpServerResponse response) {
        if (stopping.getAsBoolean()) {
            response.keepAlive(false);
            if (!SAFE.contains(request.method())) {
                throw ParleyException.of(ErrorCode.UNAVAILABLE, "this node is stopping: try again at another node");
            }
        }
        RequestTarget target = RequestTarget.of(request.uri());
        List<Match> matches = matches(target.path());
        for (Match match : matches) {
            if (match.route().serves(request.method())) {
                Map<String, String> path = RequestTarget.decode(match.parameters());
                return match.route()
                        .handler()
                        .handle(new Exchange(request, response, path, target.query(), bodyTimeout));
            }
        }
        if (matches.isEmpty()) {
            throw ParleyException.of(ErrorCode.NOT_FOUND, "there is no such path: see openapi.yaml");
        }
        return notAllowed(request, response, allowed(matches));
    }

    private List<Match> matches(List<String> path) {
        List<Match> matches = new ArrayList<>();
        for (Entry entry : entries) {
            Map<String, String> parameters = entry.template().match(path);
            if (parameters != null) {
                matches.add(new Match(entry.route(), parameters));
            }
        }
        return matches;
    }

    private static Publisher<Void> notAllowed(HttpServerRequest request, HttpServerResponse response, String allowed) {
        response.header(HttpHeaderNames.ALLOW, allowed);
        if (request.method().equals(HttpMethod.OPTIONS)) {
            return HttpAnswer.empty(HttpResponseStatus.NO_CONTENT.code(), response);
        }
        throw ProblemException.of(HttpResponseStatus.METHOD_NOT_ALLOWED, "this path supports only " + allowed);
    }

    private static String allowed(List<Match> matches) {
        Set<String> methods = new LinkedHashSet<>();
        for (Match match : matches) {
            methods.add(match.route().method().name());
        }
        if (methods.contains(HttpMethod.GET.name())) {
            methods.add(HttpMethod.HEAD.name());
        }
        methods.add(HttpMethod.OPTIONS.name());
        return String.join(", ", methods);
    }

    private record Entry(Route route, PathTemplate template) {}

    private record Match(Route route, Map<String, String> parameters) {}
}
