package dev.parley.bench.llm;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A model's API in this process, on a thread of its own: it answers every chat after so long, and counts them. */
public final class FakeModel implements AutoCloseable {

    private static final int LONGEST = 1 << 20;
    private static final int BACKLOG = 4_096;

    private final MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final AtomicLong calls = new AtomicLong();
    private final int bytes;
    private final Duration delay;
    private final Channel server;

    /**
     * Listens. Blocks.
     *
     * @param bytes of an answer's text
     * @param delay until it answers
     */
    public FakeModel(int bytes, Duration delay) {
        this.bytes = bytes;
        this.delay = delay;
        this.server = new ServerBootstrap()
                .group(loop)
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(LONGEST), new Chat());
                    }
                })
                .bind("127.0.0.1", 0)
                .syncUninterruptibly()
                .channel();
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) server.localAddress();
    }

    /** For {@code upstream.url}. */
    public String url() {
        return "http://127.0.0.1:" + address().getPort() + "/v1";
    }

    public long calls() {
        return calls.get();
    }

    private final class Chat extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
            calls.lazySet(calls.get() + 1);
            String word = Questions.wordIn(request.content().toString(UTF_8));
            if (delay.isZero()) {
                answer(ctx, word);
            } else {
                ctx.executor().schedule(() -> answer(ctx, word), delay.toNanos(), TimeUnit.NANOSECONDS);
            }
        }

        private void answer(ChannelHandlerContext ctx, String word) {
            byte[] body = Questions.answer(word, bytes).getBytes(US_ASCII);
            DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(body));
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                    .setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
            ctx.writeAndFlush(response, ctx.voidPromise());
        }
    }

    /** Blocks. */
    @Override
    public void close() {
        server.close().syncUninterruptibly();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
