package dev.parley.bench.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.redis.ErrorRedisMessage;
import io.netty.handler.codec.redis.RedisBulkStringAggregator;
import io.netty.handler.codec.redis.RedisDecoder;
import io.netty.handler.codec.redis.RedisMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A pipelined connection that events are sent over. Belongs to its event loop; the counters may be read by any thread. */
final class Connection {

    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    private static final int BUFFER = 64 * 1024;
    private static final int LONGEST_REPLY = 64 * 1024;
    private static final int GREETING_SECONDS = 10;

    /** Servers take so many HTTP requests of a connection ahead and no more: Parley ends one that has sent 128 beyond the one it is at. */
    private static final int MOST_UNANSWERED = 100;

    private final Channel channel;
    /** Null where answers come too fast to be timed one by one. */
    private final @Nullable Answers answers;
    /** When the requests without an answer were meant to go. */
    private final ArrayDeque<Long> unanswered = new ArrayDeque<>();

    private final AtomicLong replies = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private volatile @Nullable String refusal;
    /** What is waited for before the first event; null from then on. */
    private volatile @Nullable CompletableFuture<Void> greeted;

    private @Nullable ByteBuf buffer;

    private Connection(Channel channel, @Nullable Answers answers) {
        this.channel = channel;
        this.answers = answers;
    }

    /** Blocks. */
    static Connection open(EventLoop loop, Outlet outlet, Answers answers) {
        Channel channel = new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(512 * 1024, 1024 * 1024))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        if (outlet.protocol() == Outlet.Protocol.REDIS) {
                            made.pipeline().addLast(new RedisDecoder(), new RedisBulkStringAggregator());
                        } else {
                            made.pipeline().addLast(new HttpResponseDecoder(), new HttpObjectAggregator(LONGEST_REPLY));
                        }
                    }
                })
                .connect(outlet.address())
                .syncUninterruptibly()
                .channel();
        Connection connection = new Connection(channel, outlet.protocol() == Outlet.Protocol.HTTP ? answers : null);
        channel.pipeline()
                .addLast(
                        outlet.protocol() == Outlet.Protocol.REDIS
                                ? connection.new RedisReplies()
                                : connection.new HttpReplies());
        connection.greet(outlet);
        return connection;
    }

    /** Blocks until all is answered. */
    private void greet(Outlet outlet) {
        for (byte[] command : outlet.greeting()) {
            CompletableFuture<Void> answer = new CompletableFuture<>();
            greeted = answer;
            channel.writeAndFlush(Unpooled.wrappedBuffer(command), channel.voidPromise());
            try {
                answer.orTimeout(GREETING_SECONDS, TimeUnit.SECONDS).join();
            } catch (CompletionException e) {
                channel.close();
                throw new IllegalStateException(
                        "the publisher is not let in by Redis: "
                                + (e.getCause() == null ? e : e.getCause()).getMessage(),
                        e);
            }
        }
        greeted = null;
    }

    /** Whether more may be written now. */
    boolean writable() {
        return channel.isWritable() && unanswered.size() < MOST_UNANSWERED;
    }

    void write(Template template, int run, int conversation, int number, long nanos) {
        byte[] bytes = template.bytes();
        Stamp.put(bytes, template.stampAt(), run, conversation, number, nanos);
        ByteBuf into = buffer;
        if (into != null && into.writableBytes() < bytes.length) {
            channel.write(into, channel.voidPromise());
            into = null;
        }
        if (into == null) {
            into = channel.alloc().directBuffer(Math.max(BUFFER, bytes.length));
        }
        into.writeBytes(bytes);
        buffer = into;
        if (answers != null) {
            unanswered.add(nanos);
        }
    }

    void flush() {
        if (buffer != null) {
            channel.writeAndFlush(buffer, channel.voidPromise());
            buffer = null;
        }
    }

    void close() {
        channel.close();
    }

    long replies() {
        return replies.get();
    }

    /** How many of the replies were errors. */
    long refused() {
        return refused.get();
    }

    @Nullable
    String refusal() {
        return refusal;
    }

    private void replied(@Nullable String error) {
        replies.lazySet(replies.get() + 1);
        if (error != null) {
            refused.lazySet(refused.get() + 1);
            refusal = error;
        }
    }

    /** What comes of it is that it is closed. */
    private static void failed(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("A publisher's connection failed", cause);
        ctx.close();
    }

    private final class RedisReplies extends SimpleChannelInboundHandler<RedisMessage> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, RedisMessage reply) {
            CompletableFuture<Void> greeting = greeted;
            if (greeting != null) {
                if (reply instanceof ErrorRedisMessage error) {
                    greeting.completeExceptionally(new IllegalStateException(error.content()));
                } else {
                    greeting.complete(null);
                }
                return;
            }
            replied(reply instanceof ErrorRedisMessage error ? error.content() : null);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            refusal = "the connection to Redis was closed";
            CompletableFuture<Void> greeting = greeted;
            if (greeting != null) {
                greeting.completeExceptionally(new IllegalStateException(refusal));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failed(ctx, cause);
        }
    }

    private final class HttpReplies extends SimpleChannelInboundHandler<FullHttpResponse> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse reply) {
            if (answers != null) {
                answers.came(reply.status().code(), System.nanoTime() - unanswered.remove());
            }
            replied(
                    reply.status().code() / 100 == 2
                            ? null
                            : reply.status() + " " + reply.content().toString(StandardCharsets.UTF_8));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            refusal = "the connection was closed";
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failed(ctx, cause);
        }
    }
}
