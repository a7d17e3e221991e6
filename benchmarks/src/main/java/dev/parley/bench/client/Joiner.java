package dev.parley.bench.client;

import dev.parley.bench.load.Stamp;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A socket of the gateway's own protocol that comes late: it is greeted, subscribes once, without a position, and leaves. */
public final class Joiner extends SimpleChannelInboundHandler<TextWebSocketFrame> {

    private static final long ANSWER_SECONDS = 10;

    private static final String WELCOME = "{\"type\":\"welcome\"";
    private static final String SNAPSHOT = "{\"type\":\"snapshot\"";
    private static final String ERROR = "{\"type\":\"error\"";
    private static final int TYPE_LENGTH = SNAPSHOT.length();

    private final String conversation;
    private final int run;
    private final CompletableFuture<Joined> joined = new CompletableFuture<>();
    private long askedAt;

    private Joiner(String conversation, int run) {
        this.conversation = conversation;
        this.run = run;
    }

    /**
     * What came of it.
     *
     * @param nanos from the subscribe until the snapshot had been read
     * @param bytes of the snapshot
     * @param inOrder whether the snapshot has the events from 0 on one after the other
     * @param events that are in it
     */
    public record Joined(long nanos, int bytes, int events, boolean inOrder) {}

    /**
     * Joins a conversation. Blocks until it is there.
     *
     * @param run whose events are looked for in the snapshot
     */
    public static Joined join(EventLoop loop, InetSocketAddress node, String conversation, int run) {
        Joiner joiner = new Joiner(conversation, run);
        Channel channel = WholeFrames.connect(loop, node, joiner);
        try {
            return joiner.joined.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
        } finally {
            channel.close().syncUninterruptibly();
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, TextWebSocketFrame frame) {
        ByteBuf in = frame.content();
        String type =
                in.toString(in.readerIndex(), Math.min(TYPE_LENGTH, in.readableBytes()), StandardCharsets.US_ASCII);
        if (type.startsWith(WELCOME)) {
            askedAt = System.nanoTime();
            ctx.writeAndFlush(
                    new TextWebSocketFrame(
                            "{\"type\":\"subscribe\",\"ref\":1,\"conversation\":\"" + conversation + "\"}"),
                    ctx.voidPromise());
        } else if (type.startsWith(SNAPSHOT)) {
            joined.complete(read(in, System.nanoTime() - askedAt));
        } else if (type.startsWith(ERROR)) {
            joined.completeExceptionally(new IllegalStateException("the gateway answered " + frame.text()));
        }
    }

    private Joined read(ByteBuf in, long nanos) {
        int events = 0;
        boolean inOrder = true;
        int end = in.writerIndex() - Stamp.LENGTH;
        int from = in.readerIndex();
        while (from <= end) {
            int at = in.indexOf(from, end + 1, Stamp.FIRST);
            if (at < 0) {
                break;
            }
            if (Stamp.at(in, at, run)) {
                inOrder &= Stamp.number(in, at) == events;
                events++;
                from = at + Stamp.LENGTH;
            } else {
                from = at + 1;
            }
        }
        return new Joined(nanos, in.readableBytes(), events, inOrder);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        joined.completeExceptionally(new IllegalStateException("the socket was closed before its snapshot came"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        joined.completeExceptionally(cause);
    }
}
