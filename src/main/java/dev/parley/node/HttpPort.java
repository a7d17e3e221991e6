package dev.parley.node;

import dev.parley.http.Router;
import java.net.InetSocketAddress;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/** An open HTTP port. */
record HttpPort(DisposableServer bound) {

    /**
     * Opens a port; blocks until it listens. There is no {@code requestTimeout}: Reactor Netty does not cancel it when a request becomes a
     * WebSocket, so it would cut off every WebSocket. Bodies have a time limit of their own.
     */
    static HttpPort listen(LoopResources loops, String host, int port, Router router) {
        return new HttpPort(HttpServer.create()
                .host(host)
                .port(port)
                .runOn(loops)
                .idleTimeout(Duration.ofSeconds(75))
                .handle(router)
                .bindNow(Duration.ofSeconds(10)));
    }

    String address() {
        InetSocketAddress address = (InetSocketAddress) bound.address();
        String host = address.getAddress().isAnyLocalAddress() ? "localhost" : address.getHostString();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    Mono<Void> close() {
        return Mono.fromRunnable(bound::dispose).then(bound.onDispose());
    }
}
