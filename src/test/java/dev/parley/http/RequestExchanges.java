package dev.parley.http;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.http.websocket.WebsocketOutbound;

/** Requests without a server, for tests of other packages: a method, headers, a query and the peer 192.0.2.7. */
public final class RequestExchanges {

    private RequestExchanges() {}

    /** @param answered takes the headers that the answer is given */
    public static Exchange of(
            HttpMethod method, HttpHeaders headers, Map<String, List<String>> query, HttpHeaders answered) {
        return of(
                method,
                headers,
                query,
                (name, arguments) -> {
                    throw new UnsupportedOperationException(name);
                },
                (name, arguments) -> {
                    if (!name.equals("header")) {
                        throw new UnsupportedOperationException(name);
                    }
                    return answered.set((CharSequence) arguments[0], arguments[1]);
                });
    }

    /**
     * A request that is upgraded to a WebSocket.
     *
     * @param in what its handler reads from
     */
    public static Exchange upgrading(HttpHeaders headers, Connection connection, WebsocketInbound in) {
        WebsocketOutbound out = fake(WebsocketOutbound.class, (name, arguments) -> {
            throw new UnsupportedOperationException(name);
        });
        return of(
                HttpMethod.GET,
                headers,
                Map.of(),
                (name, arguments) -> {
                    @SuppressWarnings("unchecked")
                    Consumer<Connection> consumer = (Consumer<Connection>) arguments[0];
                    consumer.accept(connection);
                    return name;
                },
                (name, arguments) -> {
                    if (name.equals("responseHeaders")) {
                        return headers();
                    }
                    @SuppressWarnings("unchecked")
                    BiFunction<WebsocketInbound, WebsocketOutbound, Publisher<Void>> handler =
                            (BiFunction<WebsocketInbound, WebsocketOutbound, Publisher<Void>>) arguments[0];
                    return Mono.defer(() -> Mono.from(handler.apply(in, out)));
                });
    }

    private static Exchange of(
            HttpMethod method, HttpHeaders headers, Map<String, List<String>> query, Method others, Method responding) {
        HttpServerRequest request = fake(HttpServerRequest.class, (name, arguments) -> switch (name) {
            case "method" -> method;
            case "requestHeaders" -> headers;
            case "remoteAddress" -> new InetSocketAddress("192.0.2.7", 4711);
            default -> others.call(name, arguments);
        });
        return new Exchange(
                request, fake(HttpServerResponse.class, responding), Map.of(), query, Duration.ofSeconds(30));
    }

    public static HttpHeaders headers(String... namesAndValues) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return headers;
    }

    private interface Method {
        Object call(String name, Object[] arguments);
    }

    private static <T> T fake(Class<T> type, Method method) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, called, arguments) -> {
                    Object answer = method.call(called.getName(), arguments == null ? new Object[0] : arguments);
                    return called.getReturnType().isInstance(answer) ? answer : proxy;
                }));
    }
}
