package dev.parley.bench.peers.raw;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler.HandshakeComplete;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.concurrent.Queues;

/**
 * The limit: the least that can be done on this platform to bring an event from Redis' Pub/Sub to WebSockets. No frames of its own
 * around the event, no positions, no bounds: a socket that reads too slowly has its events kept until the heap is full.
 *
 * <p>Lettuce's event loop reads an event up to its conversation and queues it; the sockets' only event loop takes all that is queued,
 * frames each event once, writes it to its followers behind the WebSocket encoder and then flushes each of them once.
 */
public final class RawBroadcaster {

    private static final Logger LOG = LoggerFactory.getLogger(RawBroadcaster.class);

    private static final String PATH = "/ws";
    private static final String GREETING = "{\"type\":\"following\"}";
    private static final int LONGEST_HEADER = 10;

    /** One WebSocket, on the event loop only. */
    private static final class Socket {

        private final ChannelHandlerContext encoder;
        private boolean written;

        Socket(ChannelHandlerContext encoder) {
            this.encoder = encoder;
        }
    }

    /** Found by any thread; its followers are the sockets' event loop's. */
    private record Conversation(List<Socket> followers) {}

    private record Event(Conversation conversation, byte[] bytes) {}

    private final JsonFactory json = new JsonFactory();
    private final Map<String, Conversation> conversations = new ConcurrentHashMap<>();
    private final Queue<Event> events = Queues.<Event>unbounded().get(); // from one thread to one thread
    private final AtomicInteger queued = new AtomicInteger();
    private final List<Socket> toFlush = new ArrayList<>();
    private final SingleThreadEventLoop loop;
    private volatile boolean listening;

    private RawBroadcaster(SingleThreadEventLoop loop) {
        this.loop = loop;
    }

    /**
     * @param args port and Redis' URI
     */
    public static void main(String[] args) throws InterruptedException {
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        RawBroadcaster broadcaster = new RawBroadcaster((SingleThreadEventLoop) group.next());
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 8192)
                .childHandler(broadcaster.new Pipeline())
                .bind(Integer.parseInt(args[0]))
                .sync()
                .channel();
        broadcaster.listen(RedisClient.create(args[1]));
        server.closeFuture().sync();
    }

    private void listen(RedisClient redis) {
        // Messages are read with less work than as RESP3's pushes.
        redis.setOptions(
                ClientOptions.builder().protocolVersion(ProtocolVersion.RESP2).build());
        StatefulRedisPubSubConnection<String, byte[]> connection =
                redis.connectPubSub(RedisCodec.of(StringCodec.ASCII, ByteArrayCodec.INSTANCE));
        connection.addListener(new RedisPubSubAdapter<String, byte[]>() {
            @Override
            public void psubscribed(String pattern, long count) {
                listening = true;
            }

            @Override
            public void message(String pattern, String channel, byte[] message) {
                queue(message);
            }
        });
        connection.sync().psubscribe("agent:events:*");
    }

    /** On Lettuce's event loop. */
    private void queue(byte[] message) {
        String id = conversation(message);
        Conversation conversation = id == null ? null : conversations.get(id);
        if (conversation != null) {
            events.add(new Event(conversation, message));
            if (queued.getAndIncrement() == 0) {
                loop.execute(this::drain);
            }
        }
    }

    /** Reads no further than to {@code payload.conversation_id}. */
    private @Nullable String conversation(byte[] event) {
        try (JsonParser parser = json.createParser(event)) {
            return find(parser, "payload") && find(parser, "conversation_id") ? parser.getText() : null;
        } catch (IOException e) {
            LOG.warn("A malformed event was dropped: {}", e.getMessage());
            return null;
        }
    }

    /** Enters the object that comes next and stops at a field's value. */
    private static boolean find(JsonParser parser, String field) throws IOException {
        if (parser.currentToken() == null) {
            parser.nextToken();
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean found = parser.currentName().equals(field);
            parser.nextToken();
            if (found) {
                return true;
            }
            parser.skipChildren();
        }
        return false;
    }

    /** Writes what was there when it began; what came meanwhile is the next round's, after the sockets' own reads and writes. */
    private void drain() {
        int round = queued.get();
        for (int i = 0; i < round; i++) {
            Event event = events.remove();
            broadcast(event.bytes(), event.conversation().followers());
        }
        for (Socket socket : toFlush) {
            socket.written = false;
            socket.encoder.flush();
        }
        toFlush.clear();
        if (queued.addAndGet(-round) != 0) {
            loop.executeAfterEventLoopIteration(() -> loop.execute(this::drain));
        }
    }

    private void broadcast(byte[] bytes, List<Socket> followers) {
        if (followers.isEmpty()) {
            return;
        }
        // Direct, so that epoll needs no copy for each socket; of this thread, where it is freed as well.
        ByteBuf frame = followers.get(0).encoder.alloc().directBuffer(LONGEST_HEADER + bytes.length);
        writeHeader(frame, bytes.length);
        frame.writeBytes(bytes);
        for (int i = 1; i < followers.size(); i++) {
            write(followers.get(i), frame.retainedDuplicate());
        }
        write(followers.get(0), frame);
    }

    /** A final text frame, unmasked. */
    private static void writeHeader(ByteBuf frame, int length) {
        frame.writeByte(0x81);
        if (length < 126) {
            frame.writeByte(length);
        } else if (length <= 0xffff) {
            frame.writeByte(126).writeShort(length);
        } else {
            frame.writeByte(127).writeLong(length);
        }
    }

    private void write(Socket socket, ByteBuf frame) {
        // From the encoder's own context a write begins behind it. The void promise reports a failure to the pipeline.
        var unused = socket.encoder.write(frame, socket.encoder.voidPromise());
        if (!socket.written) {
            socket.written = true;
            toFlush.add(socket);
        }
    }

    /** HTTP until the upgrade, which leaves the WebSocket's decoder and encoder and {@link Follower}. */
    private final class Pipeline extends ChannelInitializer<Channel> {

        private static final WebSocketServerProtocolConfig WEB_SOCKET = WebSocketServerProtocolConfig.newBuilder()
                .websocketPath(PATH)
                .checkStartsWith(true)
                .build();

        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline()
                    .addLast(new HttpServerCodec())
                    .addLast(new HttpObjectAggregator(4096))
                    .addLast(new WebSocketServerProtocolHandler(WEB_SOCKET))
                    .addLast(new Follower());
        }
    }

    /** A connection's last handler: {@code /health}, or a socket that follows the conversation of its path. */
    private final class Follower extends SimpleChannelInboundHandler<Object> {

        private @Nullable Socket socket;
        private String id = "";

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof HandshakeComplete upgrade) {
                var unused = context.writeAndFlush(new TextWebSocketFrame(GREETING));
                id = upgrade.requestUri().substring(PATH.length() + 1);
                socket = new Socket(context.pipeline().context(WebSocketFrameEncoder.class));
                conversations
                        .computeIfAbsent(id, none -> new Conversation(new ArrayList<>()))
                        .followers()
                        .add(socket);
            }
        }

        /** Requests that are no upgrade; frames of clients have nothing to say. */
        @Override
        protected void channelRead0(ChannelHandlerContext context, Object message) {
            if (message instanceof FullHttpRequest request) {
                HttpResponseStatus status = !request.uri().equals("/health")
                        ? HttpResponseStatus.NOT_FOUND
                        : listening ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE;
                DefaultFullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status);
                HttpUtil.setContentLength(response, 0);
                HttpUtil.setKeepAlive(response, HttpUtil.isKeepAlive(request));
                var sent = context.writeAndFlush(response);
                if (!HttpUtil.isKeepAlive(request)) {
                    var unused = sent.addListener(ChannelFutureListener.CLOSE);
                }
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (socket != null) {
                Conversation conversation = conversations.get(id);
                conversation.followers().remove(socket);
                if (conversation.followers().isEmpty()) {
                    conversations.remove(id);
                }
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            LOG.debug("{} is closed", context.channel(), cause);
            var unused = context.close();
        }
    }
}
