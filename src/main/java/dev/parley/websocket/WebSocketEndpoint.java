package dev.parley.websocket;

import dev.parley.auth.Principal;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.http.Exchange;
import dev.parley.http.Handler;
import dev.parley.http.OriginCheck;
import dev.parley.protocol.CloseCode;
import dev.parley.protocol.EncodedFrame;
import dev.parley.protocol.ServerFrames;
import dev.parley.ratelimit.EndpointLimiter;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.WebsocketServerSpec;

/** Serves {@code GET /v1/ws} and knows all its sockets. Thread-safe. */
public final class WebSocketEndpoint implements Handler {

    private static final int TOLD_AT_ONCE = 16;
    private static final int TURNS = 100;
    private static final Duration BETWEEN_TURNS = Duration.ofMillis(5);

    private static final int LAST_WORDS_MS = 500;
    private static final Duration LAST_WORDS = Duration.ofMillis(LAST_WORDS_MS);

    private final SocketServices services;
    private final SocketSettings settings;
    private final WebsocketServerSpec named;
    private final WebsocketServerSpec unnamed;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Map<EventLoop, WriteCoalescer> rounds = new ConcurrentHashMap<>();
    private volatile RedisStatus redis = new RedisStatus(false, 0);
    private volatile boolean draining;

    public WebSocketEndpoint(SocketServices services, SocketSettings settings) {
        this.services = services;
        this.settings = settings;
        // With a protocol named here, Reactor Netty does not answer a client that names none.
        this.unnamed = WebsocketServerSpec.builder()
                .maxFramePayloadLength(settings.websocket().maxFrame().intBytes())
                .build();
        this.named = WebsocketServerSpec.builder()
                .protocols(Handshake.PROTOCOL)
                .maxFramePayloadLength(settings.websocket().maxFrame().intBytes())
                .build();
    }

    @Override
    public Publisher<Void> handle(Exchange exchange) {
        if (settings.auth().mode().checksOrigin() && !OriginCheck.allowed(exchange.request())) {
            throw ParleyException.of(
                    ErrorCode.FORBIDDEN,
                    "pages of this origin may not open a socket while auth.mode is none: serve them from this machine, or set auth.mode to jwt");
        }
        Handshake handshake = Handshake.of(exchange, services.addresses());
        Mono<?> turn = turn(handshake);
        return turn == null
                ? upgrade(exchange, handshake)
                : turn.publishOn(eventLoop(exchange)).then(Mono.defer(() -> upgrade(exchange, handshake)));
    }

    /** The limit check to wait for before the upgrade; null if there is none. A client that authenticates later waits for it then. */
    private @Nullable Mono<?> turn(Handshake handshake) {
        EndpointLimiter turnstile = services.turnstiles().connect();
        if (turnstile.isOpen()) {
            return null;
        }
        if (turnstile.countsAddresses()) {
            return turnstile.pass(handshake.address());
        }
        Principal who = known(handshake);
        return who == null ? null : turnstile.pass(who, "", handshake.address(), 1);
    }

    private @Nullable Principal known(Handshake handshake) {
        try {
            return services.authenticator().authenticate(handshake.token());
        } catch (ParleyException refused) {
            // The rejection is sent when the socket is open.
            return null;
        }
    }

    private static Scheduler eventLoop(Exchange exchange) {
        AtomicReference<Channel> channel = new AtomicReference<>();
        exchange.request().withConnection(connection -> channel.set(connection.channel()));
        return Schedulers.fromExecutorService(
                Objects.requireNonNull(channel.get()).eventLoop());
    }

    private Mono<Void> upgrade(Exchange exchange, Handshake handshake) {
        if (draining) {
            throw ParleyException.of(ErrorCode.UNAVAILABLE, "this node is draining: connect again");
        }
        return exchange.response()
                .sendWebsocket(
                        (in, out) -> {
                            AtomicReference<Channel> upgraded = new AtomicReference<>();
                            in.withConnection(connection -> upgraded.set(connection.channel()));
                            forgetHeaders(exchange);
                            Channel channel = Objects.requireNonNull(upgraded.get());
                            Socket socket = new Socket(
                                    services,
                                    settings,
                                    handshake,
                                    channel,
                                    rounds.computeIfAbsent(channel.eventLoop(), WriteCoalescer::new),
                                    () -> redis);
                            sockets.add(socket);
                            return socket.run(in).doFinally(end -> sockets.remove(socket));
                        },
                        handshake.names() ? named : unnamed);
    }

    /** Removes the headers of request and response: Reactor Netty would keep about 2 KiB of them as long as the socket is open. */
    private static void forgetHeaders(Exchange exchange) {
        exchange.request().requestHeaders().clear();
        exchange.response().responseHeaders().clear();
    }

    /** Number of open sockets. */
    public int size() {
        return sockets.size();
    }

    /**
     * Sends the state of Redis to all sockets, some at a time and within about half a second: writing to all of them together would delay
     * everything else. Cold.
     */
    public Mono<Void> redis(RedisStatus status) {
        return Mono.defer(() -> {
            redis = status;
            EncodedFrame frame = ServerFrames.status(status.up(), status.queued());
            List<Socket> all = List.copyOf(sockets);
            return Flux.fromIterable(all)
                    .buffer(Math.max(TOLD_AT_ONCE, all.size() / TURNS))
                    .concatMap(some -> Mono.fromRunnable(() -> some.forEach(socket -> socket.tell(frame)))
                            .then(Mono.delay(BETWEEN_TURNS)))
                    .then();
        });
    }

    /**
     * Accepts no new sockets, sends {@code goodbye} to all open ones, spread over the window, and completes when they have closed. Sockets
     * still open at the end of the window are cut off; the last ones to receive {@code goodbye} have {@value #LAST_WORDS_MS} ms.
     */
    public Mono<Void> drain(Duration window) {
        return Mono.defer(() -> {
            draining = true;
            List<Socket> all = new ArrayList<>(sockets);
            Collections.shuffle(all);
            Duration spread = window.compareTo(LAST_WORDS) > 0 ? window.minus(LAST_WORDS) : Duration.ZERO;
            Duration step = spread.dividedBy(Math.max(1, all.size()));
            return Flux.fromIterable(all)
                    .index()
                    .flatMap(
                            numbered -> Mono.delay(step.multipliedBy(numbered.getT1()))
                                    .doOnNext(
                                            now -> numbered.getT2().goodbye(CloseCode.DRAINING, Duration.ZERO, window)),
                            Math.max(1, all.size()))
                    .thenMany(Flux.interval(Duration.ofMillis(20)).onBackpressureDrop())
                    .takeUntil(tick -> sockets.isEmpty())
                    .then()
                    .timeout(spread.plus(LAST_WORDS), Mono.fromRunnable(() -> sockets.forEach(Socket::cut)));
        });
    }
}
