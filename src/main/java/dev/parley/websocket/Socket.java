package dev.parley.websocket;

import dev.parley.auth.Principal;
import dev.parley.event.Ids;
import dev.parley.event.InvalidEventException;
import dev.parley.event.Utf8;
import dev.parley.frame.ClientFrame;
import dev.parley.frame.ClientFrameCodec;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Frame;
import dev.parley.frame.NotJsonException;
import dev.parley.frame.Refusal;
import dev.parley.frame.ServerFrames;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.netty.http.websocket.WebsocketInbound;

/**
 * One client's socket, from the upgrade to the close. Frames are read in order on the channel's event loop; up to
 * {@value #FRAMES_AT_ONCE} may be under way, then the socket is read no further.
 */
final class Socket {

    private static final Logger LOG = LoggerFactory.getLogger(Socket.class);

    private static final int FRAMES_AT_ONCE = 64;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final Services services;
    private final SocketSettings settings;
    private final Handshake handshake;
    private final Channel channel;
    private final BooleanSupplier redisUp;
    private final Outbox outbox;
    private final Commands commands;
    private final Traffic traffic;
    private final Map<String, Following> followings = new ConcurrentHashMap<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Disposable.Composite timers = Disposables.composite();
    private final Disposable.Swap expiry = Disposables.swap();
    private volatile @Nullable Principal principal;

    Socket(Services services, SocketSettings settings, Handshake handshake, Channel channel, BooleanSupplier redisUp) {
        this.services = services;
        this.settings = settings;
        this.handshake = handshake;
        this.channel = channel;
        this.redisUp = redisUp;
        this.outbox = new Outbox(channel, settings.outbox(), () -> close(CloseCode.SLOW));
        this.commands = new Commands(services, settings.maxConversations(), outbox, followings);
        this.traffic = new Traffic(outbox::drain);
    }

    /** Lives as long as the socket does. */
    Mono<Void> run(WebsocketInbound in) {
        channel.pipeline().addFirst(traffic);
        start();
        return in.aggregateFrames(settings.maxFrame())
                .receiveFrames()
                // Some clients keep a connection alive with these.
                .filter(frame -> !(frame instanceof PongWebSocketFrame))
                .map(Socket::text)
                .flatMap(this::received, FRAMES_AT_ONCE)
                .then()
                .onErrorResume(this::broken)
                .doFinally(end -> cleanUp());
    }

    private void start() {
        beatAfter(settings.heartbeat());
        String token = handshake.token();
        try {
            admit(services.authenticator().authenticate(token));
        } catch (Refusal refusal) {
            if (token != null) {
                offer(ServerFrames.error(null, refusal));
                close(CloseCode.REFUSED);
            } else {
                track(Mono.delay(settings.authTimeout()).doOnNext(late -> {
                    if (principal == null) {
                        close(CloseCode.UNREADABLE);
                    }
                }));
            }
        }
    }

    private void admit(Principal who) {
        authenticated(who);
        offer(ServerFrames.welcome(
                Ids.random(),
                settings.node(),
                settings.version(),
                settings.heartbeat().toMillis(),
                settings.maxFrame(),
                redisUp.getAsBoolean()));
        ClientFrame.Subscribe first = handshake.subscribe();
        if (first != null) {
            track(answer(who, first));
        }
    }

    private void authenticated(Principal who) {
        principal = who;
        Instant expires = who.expires();
        expiry.update(
                expires == null
                        ? Disposables.disposed()
                        : Mono.delay(Duration.between(Instant.now(), expires))
                                .subscribe(late -> close(CloseCode.EXPIRED)));
    }

    // What the client sends.

    /** The frame's bytes; empty for what is no text. Copied here, since the frame is released behind this call. */
    private static byte[] text(WebSocketFrame frame) {
        return frame instanceof TextWebSocketFrame ? ByteBufUtil.getBytes(frame.content()) : new byte[0];
    }

    private Mono<Void> received(byte[] text) {
        if (closing.get()) {
            return Mono.empty();
        }
        if (text.length == 0) {
            return closed(CloseCode.UNREADABLE);
        }
        if (!Utf8.valid(text)) {
            return closed(CloseCode.INVALID_UTF8);
        }
        try {
            return handle(ClientFrameCodec.parse(text));
        } catch (NotJsonException e) {
            return closed(CloseCode.UNREADABLE);
        }
    }

    private Mono<Void> handle(ClientFrame frame) {
        if (frame instanceof ClientFrame.Auth auth) {
            return authenticate(auth);
        }
        Principal who = principal;
        return who == null ? closed(CloseCode.UNREADABLE) : answer(who, frame);
    }

    private Mono<Void> authenticate(ClientFrame.Auth auth) {
        try {
            Principal who = services.authenticator().authenticate(auth.token());
            Principal before = principal;
            offer(ServerFrames.ok(auth.ref()));
            if (before == null) {
                admit(who);
            } else if (before.tenant().equals(who.tenant()) && before.subject().equals(who.subject())) {
                authenticated(who);
            } else {
                return closed(CloseCode.REFUSED);
            }
            return Mono.empty();
        } catch (Refusal refusal) {
            offer(ServerFrames.error(auth.ref(), refusal));
            return closed(CloseCode.REFUSED);
        }
    }

    private Mono<Void> answer(Principal who, ClientFrame frame) {
        return commands.run(who, frame)
                .onErrorResume(error -> Mono.just(ServerFrames.error(frame.ref(), refusal(error))))
                .doOnNext(this::offer)
                .then();
    }

    private static Refusal refusal(Throwable error) {
        if (error instanceof Refusal refusal) {
            return refusal;
        }
        if (error instanceof InvalidEventException invalid) {
            return Refusal.badRequest(Objects.requireNonNull(invalid.getMessage()));
        }
        LOG.warn("A frame could not be answered", error);
        return Refusal.of(ErrorCode.INTERNAL, "something went wrong in the gateway; its log says what");
    }

    private Mono<Void> broken(Throwable error) {
        if (error instanceof CorruptedWebSocketFrameException) {
            // Netty has sent its own close code.
            return Mono.empty();
        }
        if (error instanceof TooLongFrameException) {
            close(CloseCode.TOO_LARGE);
            return Mono.delay(CLOSE_TIMEOUT).then();
        }
        LOG.debug("A socket broke", error);
        return Mono.empty();
    }

    // What the gateway does to it.

    void offer(Frame frame) {
        outbox.offer(frame);
    }

    /** Tells the client when to come back, and closes. */
    void goodbye(CloseCode code, Duration low, Duration high) {
        offer(ServerFrames.goodbye(code.code(), code.reason(), low.toMillis(), high.toMillis()));
        close(code);
    }

    /** Writes what is left and the close frame, and cuts the connection when the client has answered or let the time pass. */
    void close(CloseCode code) {
        if (closing.compareAndSet(false, true)) {
            channel.eventLoop().execute(() -> {
                outbox.finish();
                var unused = channel.writeAndFlush(new CloseWebSocketFrame(code.code(), code.reason()));
                track(Mono.delay(CLOSE_TIMEOUT).doOnNext(late -> cut()));
            });
        }
    }

    private void cut() {
        var unused = channel.close();
    }

    private Mono<Void> closed(CloseCode code) {
        close(code);
        return Mono.empty();
    }

    private void beatAfter(Duration delay) {
        track(Mono.delay(delay).doOnNext(now -> beat()));
    }

    private void beat() {
        Duration silent = Duration.ofNanos(traffic.silentNanos());
        Duration heartbeat = settings.heartbeat();
        if (silent.compareTo(heartbeat.multipliedBy(2)) >= 0) {
            close(CloseCode.SILENT);
        } else if (silent.compareTo(heartbeat) >= 0) {
            offer(ServerFrames.ping());
            beatAfter(heartbeat.multipliedBy(2).minus(silent));
        } else {
            beatAfter(heartbeat.minus(silent));
        }
    }

    private void track(Mono<?> task) {
        Disposable.Swap handle = Disposables.swap();
        if (timers.add(handle)) {
            handle.update(task.doFinally(end -> timers.remove(handle)).subscribe());
        }
    }

    private void cleanUp() {
        timers.dispose();
        expiry.dispose();
        outbox.close();
        followings.values().forEach(Following::dispose);
        followings.clear();
    }
}
