package dev.parley.websocket;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.parley.auth.AuditListener;
import dev.parley.auth.Authenticator;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.http.ClientAddresses;
import dev.parley.http.Exchange;
import dev.parley.http.RequestExchanges;
import dev.parley.protocol.ClientFrame;
import dev.parley.ratelimit.EndpointLimiter;
import dev.parley.ratelimit.EndpointLimiters;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.ByteBufFlux;
import reactor.netty.Connection;
import reactor.netty.NettyInbound;
import reactor.netty.NettyPipeline;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * One socket of a gateway that is scripted, and its client: no network, time passes when the test says so. The channel has the codec that
 * Reactor Netty gives it; what Reactor Netty answers by itself (a Ping, the client's close frame) nobody answers here.
 */
final class SocketHarness {

    static final Duration HEARTBEAT = settings().websocket().heartbeat();
    static final Duration AUTH_TIMEOUT = settings().websocket().authTimeout();
    static final int MAX_FRAME = 2_000;
    static final int OUTBOX = 4_000;
    static final int MAX_CONVERSATIONS = 2;

    /** Both clocks, the channel's and Reactor's, are set forward by so much in turn. */
    private static final Duration STEP = Duration.ofSeconds(1);

    final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    final ScriptedConversations conversations = new ScriptedConversations();
    final List<String> witnessed = new ArrayList<>();
    final Map<String, Principal> tokens = new HashMap<>();

    Authenticator authenticator = this::authenticate;
    OperationInvoker calls = (who, method, params) ->
            Mono.just(("{\"method\":\"" + method + "\",\"params\":" + new String(params, StandardCharsets.UTF_8) + "}")
                    .getBytes(StandardCharsets.UTF_8));
    EndpointLimiter connect = EndpointLimiter.OPEN;
    EndpointLimiter send = EndpointLimiter.OPEN;
    EndpointLimiter publish = EndpointLimiter.OPEN;
    RedisStatus redis = new RedisStatus(true, 0);

    private final EmbeddedChannel client =
            new EmbeddedChannel(new WebSocket13FrameEncoder(true), new WebSocket13FrameDecoder(false, false, 1 << 20));
    private final Bridge bridge = new Bridge();
    final EmbeddedChannel channel =
            new EmbeddedChannel(
                    new WebSocket13FrameEncoder(false), new WebSocket13FrameDecoder(true, true, MAX_FRAME)) {
                @Override
                protected void doWrite(ChannelOutboundBuffer in) throws Exception {
                    if (reads) {
                        super.doWrite(in);
                    }
                }
            };
    /** Whether the client takes what it gets; what it does not take stays in the channel's buffer, as with a full TCP window. */
    private boolean reads = true;

    private @Nullable Socket socket;
    private boolean ended;
    private @Nullable Throwable refused;

    SocketHarness() {
        channel.pipeline().addLast(NettyPipeline.ReactiveBridge, bridge);
        channel.freezeTime();
        tokens.put("ann", principal("ann", "acme", Set.of(Role.USER, Role.AGENT), null));
    }

    static Principal principal(String subject, String tenant, Set<Role> roles, @Nullable Instant expires) {
        return new Principal(subject, tenant, roles, Set.of(Principal.ANY), expires, false);
    }

    private Principal authenticate(@Nullable String token) {
        if (token == null) {
            throw ParleyException.of(ErrorCode.UNAUTHENTICATED, "a token is needed");
        }
        if (token.equals("expired")) {
            throw ParleyException.expiredToken("the token has expired");
        }
        Principal who = tokens.get(token);
        if (who == null) {
            throw ParleyException.of(ErrorCode.UNAUTHENTICATED, "the token is not valid");
        }
        return who;
    }

    /** Opens the socket as Ann, who may do everything; what she is told about that is dropped. */
    void openAsAnn() {
        open("ann");
        drop();
    }

    void open(@Nullable String token) {
        open(token, null);
    }

    void open(@Nullable String token, ClientFrame.@Nullable Subscribe subscribe) {
        Socket opened = new Socket(
                services(),
                settings(),
                new Handshake(token, subscribe, "192.0.2.1", true),
                channel,
                new WriteCoalescer(channel.eventLoop()),
                () -> redis);
        socket = opened;
        var unused =
                opened.run(new ChannelInbound()).subscribe(nothing -> {}, error -> ended = true, () -> ended = true);
        work();
    }

    SocketServices services() {
        return new SocketServices(
                authenticator,
                conversations,
                calls,
                new EndpointLimiters(connect, send, publish),
                new ClientAddresses(0),
                new AuditListener() {
                    @Override
                    public void acted(
                            Principal who, String conversation, String action, Map<String, String> details, String id) {
                        witnessed.add(who.subject() + " " + action + " " + conversation);
                    }

                    @Override
                    public void refused(Principal who, String conversation, String what) {
                        witnessed.add(who.subject() + " may not " + what + " " + conversation);
                    }
                });
    }

    static SocketSettings settings() {
        return TestSettings.of(
                SocketSettings.class,
                "node",
                "node-1",
                "websocket.max-frame",
                String.valueOf(MAX_FRAME),
                "websocket.outbox",
                String.valueOf(OUTBOX),
                "websocket.max-conversations",
                String.valueOf(MAX_CONVERSATIONS));
    }

    /** Opens the socket at an endpoint by a request to upgrade; {@link #refused} says why it was refused, if it was. */
    void openAt(WebSocketEndpoint endpoint, String... headers) {
        ChannelInbound in = new ChannelInbound();
        HttpHeaders upgrade = RequestExchanges.headers(
                        "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13")
                .add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
                .add(RequestExchanges.headers(headers));
        Exchange exchange = RequestExchanges.upgrading(upgrade, in.connection, in);
        var unused = Mono.defer(() -> Mono.from(endpoint.handle(exchange)))
                .subscribe(
                        nothing -> {},
                        error -> {
                            refused = error;
                            ended = true;
                        },
                        () -> ended = true);
        work();
    }

    /** Why the upgrade was refused. */
    Throwable refused() {
        return Objects.requireNonNull(refused);
    }

    Socket socket() {
        return Objects.requireNonNull(socket);
    }

    void sends(String text) {
        sends(new TextWebSocketFrame(text));
    }

    void sends(WebSocketFrame frame) {
        var unused = client.writeOutbound(frame);
        for (ByteBuf bytes; (bytes = client.readOutbound()) != null; ) {
            sendsBytes(bytes);
        }
    }

    /** As they go over the wire. */
    void sendsBytes(ByteBuf bytes) {
        if (channel.isActive()) {
            var unused = channel.writeInbound(bytes);
            work();
        } else {
            bytes.release();
        }
    }

    /** What the client got since it was last asked: JSON texts, {@code ping}, and {@code close CODE REASON}. */
    List<String> got() {
        work();
        for (ByteBuf bytes; (bytes = channel.readOutbound()) != null; ) {
            var unused = client.writeInbound(bytes);
        }
        List<String> got = new ArrayList<>();
        for (WebSocketFrame frame; (frame = client.readInbound()) != null; frame.release()) {
            got.add(
                    frame instanceof TextWebSocketFrame text
                            ? text.text()
                            : frame instanceof CloseWebSocketFrame close
                                    ? "close " + close.statusCode() + " " + close.reasonText()
                                    : "ping");
        }
        return got;
    }

    /** Forgets what the client got. */
    void drop() {
        List<String> unused = got();
    }

    void pass(Duration duration) {
        Duration left = duration;
        while (left.compareTo(Duration.ZERO) > 0) {
            Duration step = left.compareTo(STEP) < 0 ? left : STEP;
            channel.advanceTimeBy(step.toNanos(), NANOSECONDS);
            time.advanceTimeBy(step);
            work();
            left = left.minus(step);
        }
    }

    private void work() {
        for (int i = 0; i < 3; i++) {
            channel.runPendingTasks();
            time.advanceTime();
        }
    }

    void hangsUp() {
        var unused = channel.close();
        work();
    }

    void stopsReading() {
        reads = false;
    }

    void readsAgain() {
        reads = true;
        channel.flush();
        work();
    }

    /** Whether the socket's work has ended. */
    boolean hasEnded() {
        return ended;
    }

    void close() {
        readsAgain();
        hangsUp();
        var unused = channel.finishAndReleaseAll();
        var unusedToo = client.finishAndReleaseAll();
        VirtualTimeScheduler.reset();
    }

    /** Hands frames on to the socket, as Reactor Netty's bridge does. */
    private static final class Bridge extends ChannelInboundHandlerAdapter {

        private final Sinks.Many<Object> frames = Sinks.many().unicast().onBackpressureBuffer();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            WebSocketFrame frame = (WebSocketFrame) message;
            WebSocketFrame copy = frame.replace(Unpooled.copiedBuffer(frame.content()));
            frame.release();
            frames.tryEmitNext(copy).orThrow();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var unused = frames.tryEmitError(cause);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            var unused = frames.tryEmitComplete();
        }
    }

    private final class ChannelInbound implements WebsocketInbound {

        private final Connection connection = Connection.from(channel);

        @Override
        public Flux<?> receiveObject() {
            return bridge.frames.asFlux();
        }

        @Override
        public NettyInbound withConnection(Consumer<? super Connection> consumer) {
            consumer.accept(connection);
            return this;
        }

        @Override
        public ByteBufFlux receive() {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable String selectedSubprotocol() {
            return null;
        }

        @Override
        public HttpHeaders headers() {
            return new DefaultHttpHeaders();
        }

        @Override
        public Mono<WebSocketCloseStatus> receiveCloseStatus() {
            return Mono.never();
        }
    }
}
