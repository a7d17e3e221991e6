package dev.parley.bench.llm;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseDecoder;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Connections that are kept to one HTTP server, each with one request under way at most. Requests beyond them wait for the next that is free,
 * and their time goes on. Belongs to its event loop.
 */
public final class Lines implements AutoCloseable {

    private static final int LONGEST = 1 << 20;
    private static final long ANSWER_SECONDS = 30;

    /** Written when one is free. */
    private record Waiting(byte[] request, Answered.Reader reader) {}

    private final EventLoop loop;
    private final ArrayDeque<Line> free = new ArrayDeque<>();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final List<Channel> channels = new ArrayList<>();
    private int open;

    /** Connects. Blocks. */
    public Lines(EventLoop loop, InetSocketAddress server, int connections) {
        this.loop = loop;
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline()
                                .addLast(new HttpResponseDecoder(), new HttpObjectAggregator(LONGEST), new Line(made));
                    }
                });
        for (int i = 0; i < connections; i++) {
            channels.add(bootstrap.connect(server).syncUninterruptibly().channel());
        }
    }

    /** On the loop. */
    public void ask(byte[] request, Answered.Reader reader) {
        Line line = free.pollLast();
        if (line != null) {
            line.write(request, reader);
        } else if (open > 0) {
            waiting.add(new Waiting(request, reader));
        } else {
            reader.came(lost());
        }
    }

    private static Answered lost() {
        return new Answered(0, "", "the connection was closed");
    }

    /** One request, and its answer. Blocks; not on the loop. */
    public Answered once(byte[] request) {
        CompletableFuture<Answered> answer = new CompletableFuture<>();
        loop.execute(() -> ask(request, answer::complete));
        return answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
    }

    private final class Line extends SimpleChannelInboundHandler<FullHttpResponse> {

        private final Channel channel;
        private Answered.@Nullable Reader reader;

        Line(Channel channel) {
            this.channel = channel;
        }

        void write(byte[] request, Answered.Reader whoWaits) {
            reader = whoWaits;
            channel.writeAndFlush(Unpooled.wrappedBuffer(request), channel.voidPromise());
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            open++;
            free.add(this);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
            String mark = response.headers().get("X-Parley-Cache", "");
            Answered answer = new Answered(
                    response.status().code(), mark, response.content().toString(UTF_8));
            Answered.Reader whoWaits = reader;
            reader = null;
            Waiting next = waiting.poll();
            if (next == null) {
                free.add(this);
            } else {
                write(next.request, next.reader);
            }
            if (whoWaits != null) {
                whoWaits.came(answer);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            open--;
            free.remove(this);
            if (reader != null) {
                reader.came(lost());
            }
            while (open == 0 && !waiting.isEmpty()) {
                waiting.remove().reader.came(lost());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** Blocks. */
    @Override
    public void close() {
        channels.forEach(channel -> channel.close().syncUninterruptibly());
    }
}
