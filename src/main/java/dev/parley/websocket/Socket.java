package dev.parley.websocket;

import dev.parley.auth.Principal;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.event.InvalidEventException;
import dev.parley.event.Utf8;
import dev.parley.protocol.ClientFrame;
import dev.parley.protocol.ClientFrameCodec;
import dev.parley.protocol.CloseCode;
import dev.parley.protocol.EncodedFrame;
import dev.parley.protocol.NotJsonException;
import dev.parley.protocol.ServerFrames;
import dev.parley.ratelimit.EndpointLimiter;
import dev.parley.support.Version;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Schedulers;
import reactor.netty.FutureMono;
import reactor.netty.http.websocket.WebsocketInbound;

/**
 * One client's socket, from the upgrade to the close. Frames are read in order on the channel's event loop. Up to {@value #FRAMES_AT_ONCE}
 * may be in progress; then the socket is not read.
 */
final class Socket {

    private static final Logger LOG = LoggerFactory.getLogger(Socket.class);

    private static final int FRAMES_AT_ONCE = 64;
    private static final Duration EXPIRED_RETRY = Duration.ofMillis(200);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration MAX_LIFETIME = Duration.ofDays(365);

    private final SocketServices services;
    private final SocketSettings settings;
    private final Handshake handshake;
    private final Channel channel;
    private final Supplier<RedisStatus> redis;
    private final Outbox outbox;
    private final SocketCommands commands;
    private final IdleMonitor traffic;
    private final Map<String, SocketSubscription> followings = new ConcurrentHashMap<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Disposable.Composite timers = Disposables.composite();
    private final Disposable.Swap expiry = Disposables.swap();
    private volatile @Nullable Principal principal;

    Socket(
            SocketServices services,
            SocketSettings settings,
            Handshake handshake,
            Channel channel,
            WriteCoalescer rounds,
            Supplier<RedisStatus> redis) {
        this.services = services;
        this.settings = settings;
        this.handshake = handshake;
        this.channel = channel;
        this.redis = redis;
        this.outbox =
                new Outbox(channel, rounds, settings.websocket().outbox().intBytes(), () -> close(CloseCode.SLOW));
        this.commands = new SocketCommands(
                services, settings.websocket().maxConversations(), outbox, followings, handshake.address());
        this.traffic = new IdleMonitor(channel.eventLoop().ticker(), outbox::drain);
    }

    /** Serves the socket until it is closed. */
    Mono<Void> run(WebsocketInbound in) {
        channel.pipeline().addFirst(new LingeringCloseHandler(), traffic);
        Mono<Void> reading = in.aggregateFrames(settings.websocket().maxFrame().intBytes())
                .receiveFrames()
                // Before the flatMap, which cancels its source on a failure and so would send a close frame of its
                // own.
                .onErrorResume(this::broken)
                .handle(this::take)
                .flatMap(this::received, FRAMES_AT_ONCE)
                .then()
                .doFinally(end -> cleanUp());
        in.withConnection(connection -> connection.addHandlerLast(new CloseFrameOnceHandler()));
        start();
        // Commands in progress may outlive the connection. Subscriptions must not.
        var unused = channel.closeFuture().addListener(closed -> cleanUp());
        return reading;
    }

    private void start() {
        beatAfter(settings.websocket().heartbeat());
        String token = handshake.token();
        try {
            admit(services.authenticator().authenticate(token));
        } catch (ParleyException refusal) {
            if (token != null) {
                offer(ServerFrames.error(null, refusal));
                refuse(refusal);
            } else {
                track(Mono.delay(settings.websocket().authTimeout()).doOnNext(late -> {
                    if (principal == null) {
                        close(CloseCode.UNREADABLE);
                    }
                }));
            }
        }
    }

    private void admit(Principal who) {
        authenticated(who);
        RedisStatus status = redis.get();
        offer(ServerFrames.welcome(
                Ids.random(),
                settings.node(),
                Version.text(),
                settings.websocket().heartbeat().toMillis(),
                settings.websocket().maxFrame().intBytes(),
                status.up(),
                status.queued()));
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
                        : Mono.delay(lifetime(expires))
                                .subscribe(late -> goodbye(CloseCode.EXPIRED, Duration.ZERO, Duration.ZERO)));
    }

    /** Bounded, because timers count nanoseconds and a token may be valid for longer than a long can count. */
    private static Duration lifetime(Instant expires) {
        Duration left = Duration.between(Instant.now(), expires);
        return left.compareTo(MAX_LIFETIME) < 0 ? left : MAX_LIFETIME;
    }

    // Frames of the client.

    /**
     * Passes on the bytes of a text frame, copied because the frame is released after this call. Ignores everything once the socket is to
     * be closed, and unsolicited pongs.
     */
    private void take(WebSocketFrame frame, SynchronousSink<byte[]> next) {
        if (closing.get() || frame instanceof PongWebSocketFrame) {
            return;
        }
        if (frame.rsv() != 0) {
            // Bits of extensions, and none was negotiated.
            close(CloseCode.PROTOCOL_ERROR);
        } else if (frame instanceof TextWebSocketFrame) {
            next.next(ByteBufUtil.getBytes(frame.content()));
        } else {
            close(CloseCode.UNREADABLE);
        }
    }

    private Mono<Void> received(byte[] text) {
        if (!Utf8.valid(text)) {
            return closed(CloseCode.INVALID_UTF8);
        }
        try {
            return handle(ClientFrameCodec.parse(text));
        } catch (NotJsonException e) {
            return closed(CloseCode.UNREADABLE);
        } catch (RuntimeException e) {
            offer(ServerFrames.error(null, refusal(e)));
            return Mono.empty();
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
            EndpointLimiter turnstile = services.turnstiles().connect();
            if (principal != null || turnstile.isOpen() || turnstile.countsAddresses()) {
                welcome(auth, who);
                return Mono.empty();
            }
            return turnstile
                    .pass(who, "", handshake.address(), 1)
                    .publishOn(Schedulers.fromExecutorService(channel.eventLoop()))
                    .doOnNext(taken -> welcome(auth, who))
                    .then()
                    .onErrorResume(ParleyException.class, refusal -> turnedAway(auth, refusal));
        } catch (ParleyException refusal) {
            return turnedAway(auth, refusal);
        }
    }

    private void welcome(ClientFrame.Auth auth, Principal who) {
        Principal before = principal;
        if (before != null && !before.isSameAs(who)) {
            throw ParleyException.of(
                    ErrorCode.UNAUTHENTICATED, "the token has another subject or tenant: open another socket with it");
        }
        offer(ServerFrames.ok(auth.ref()));
        if (before == null) {
            admit(who);
        } else {
            authenticated(who);
        }
    }

    private Mono<Void> turnedAway(ClientFrame.Auth auth, ParleyException refusal) {
        offer(ServerFrames.error(auth.ref(), refusal));
        if (refusal.code() == ErrorCode.RATE_LIMITED) {
            Duration retry = Duration.ofMillis(refusal.retryMs());
            goodbye(CloseCode.RATE_LIMITED, retry, retry.multipliedBy(2));
            return Mono.empty();
        }
        refuse(refusal);
        return Mono.empty();
    }

    /**
     * Closes with 3005 if the token has expired: the client returns with another one, but not immediately, because it may be the same one.
     */
    private void refuse(ParleyException refusal) {
        if (refusal.isExpiredToken()) {
            goodbye(CloseCode.EXPIRED, EXPIRED_RETRY, EXPIRED_RETRY.multipliedBy(5));
        } else {
            close(CloseCode.REFUSED);
        }
    }

    private Mono<Void> answer(Principal who, ClientFrame frame) {
        return commands.run(who, frame)
                .onErrorResume(error -> Mono.just(ServerFrames.error(frame.ref(), refusal(error))))
                .doOnNext(this::offer)
                .then();
    }

    private static ParleyException refusal(Throwable error) {
        if (error instanceof ParleyException refusal) {
            return refusal;
        }
        if (error instanceof InvalidEventException invalid) {
            return ParleyException.of(
                    invalid.tooLarge() ? ErrorCode.TOO_LARGE : ErrorCode.BAD_REQUEST,
                    Objects.requireNonNull(invalid.getMessage()));
        }
        LOG.warn("A frame could not be answered", error);
        return ParleyException.of(ErrorCode.INTERNAL, "the gateway failed: its log has the error");
    }

    private Mono<WebSocketFrame> broken(Throwable error) {
        if (error instanceof CorruptedWebSocketFrameException) {
            // Netty has sent its own close code, and closes the connection.
            return untilClosed();
        }
        if (error instanceof TooLongFrameException) {
            close(CloseCode.TOO_LARGE);
            return untilClosed();
        }
        LOG.debug("A socket failed", error);
        return Mono.empty();
    }

    private <T> Mono<T> untilClosed() {
        return FutureMono.from(channel.closeFuture()).then(Mono.empty());
    }

    // Actions of the gateway.

    /** Sends a frame that concerns every authenticated client. */
    void tell(EncodedFrame frame) {
        if (principal != null) {
            offer(frame);
        }
    }

    void offer(EncodedFrame frame) {
        outbox.offer(frame);
    }

    /** Sends {@code goodbye} with the time to reconnect, and closes. */
    void goodbye(CloseCode code, Duration low, Duration high) {
        offer(ServerFrames.goodbye(code.code(), code.reason(), low.toMillis(), high.toMillis()));
        close(code);
    }

    /** Writes what is left and the close frame. Cuts the connection when the client has answered, or has not in time. */
    void close(CloseCode code) {
        if (closing.compareAndSet(false, true)) {
            channel.eventLoop().execute(() -> {
                outbox.finish();
                var unused = channel.writeAndFlush(new CloseWebSocketFrame(code.code(), code.reason()));
                track(Mono.delay(CLOSE_TIMEOUT).doOnNext(late -> cut()));
            });
        }
    }

    /** Cuts the connection without a close frame. */
    void cut() {
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
        Duration heartbeat = settings.websocket().heartbeat();
        if (silent.compareTo(heartbeat.multipliedBy(2)) >= 0) {
            close(CloseCode.SILENT);
        } else if (silent.compareTo(heartbeat) >= 0) {
            ping();
            beatAfter(heartbeat.multipliedBy(2).minus(silent));
        } else {
            beatAfter(heartbeat.minus(silent));
        }
    }

    /** Sends a ping as JSON for clients that read frames, and as a WebSocket Ping, which libraries answer for clients that only read. */
    private void ping() {
        offer(ServerFrames.ping());
        channel.eventLoop().execute(() -> {
            if (!closing.get()) {
                var unused = channel.writeAndFlush(new PingWebSocketFrame());
            }
        });
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
        followings.values().forEach(SocketSubscription::dispose);
        followings.clear();
    }
}
