package dev.parley.console;

import dev.parley.http.Exchange;
import dev.parley.http.Route;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Mono;

/** Serves files of the class path, read once when the routes are made. */
public final class WebRoutes {

    private static final String FOLDER = "/dev/parley/web/";
    private static final String POLICY = "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'";

    private WebRoutes() {}

    /** {@code /parley.js} for everybody's pages. Blocks to read it; for start-up. */
    public static List<Route> library() {
        return List.of(file("/parley.js", "parley.js", "text/javascript; charset=utf-8"));
    }

    /** The demo's chat page at {@code /chat/}. Blocks to read it; for start-up. */
    public static List<Route> chat() {
        List<Route> routes = new ArrayList<>();
        for (String path : List.of("/", "/chat")) {
            routes.add(Route.get(path, WebRoutes::toChat));
        }
        routes.add(file("/chat/", "chat/index.html", "text/html; charset=utf-8"));
        routes.add(file("/chat/chat.js", "chat/chat.js", "text/javascript; charset=utf-8"));
        routes.add(file("/chat/icon.svg", "chat/icon.svg", "image/svg+xml"));
        routes.add(file("/chat/chat.css", "chat/chat.css", "text/css; charset=utf-8"));
        return routes;
    }

    /** Relative, from {@code /} and {@code /chat} alike: a proxy may serve all of it below a path of its own. */
    private static Mono<Void> toChat(Exchange exchange) {
        exchange.response().header(HttpHeaderNames.LOCATION, "chat/");
        return exchange.empty(302);
    }

    private static Route file(String path, String name, String type) {
        byte[] body = read(name);
        return Route.get(path, exchange -> {
            exchange.response().header(HttpHeaderNames.CACHE_CONTROL, "no-cache");
            exchange.response().header("Content-Security-Policy", POLICY);
            return exchange.bytes(200, type, body);
        });
    }

    private static byte[] read(String name) {
        try (InputStream in = WebRoutes.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IllegalStateException(FOLDER + name + " is not on the class path");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
