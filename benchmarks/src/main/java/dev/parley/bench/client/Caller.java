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
import org.jspecify.annotations.Nullable;

/**
 * A socket of the gateway's own protocol that follows nothing and calls. A call's {@code ref} is a {@link Stamp}, which comes back with
 * the answer: so nothing has to be kept of what is under way. Belongs to its event loop.
 */
final class Caller extends SimpleChannelInboundHandler<TextWebSocketFrame> {

    private static final long ANSWER_SECONDS = 10;

    private static final byte[] OK = ascii("{\"type\":\"ok\",\"ref\":\"");
    private static final byte[] ERROR = ascii("{\"type\":\"error\",\"ref\":\"");
    private static final byte[] WELCOME = ascii("{\"type\":\"welcome\"");
    private static final byte[] PING = ascii("{\"type\":\"ping\"");
    private static final byte[] ASKED = ascii("{\"type\":\"ok\",\"ref\":0,\"result\":");
    private static final byte[] ASKED_IN_VAIN = ascii("{\"type\":\"error\",\"ref\":0,");
    private static final String ASKED_REF = "0";

    private final Callers callers;
    private final CompletableFuture<Void> welcomed = new CompletableFuture<>();
    private @Nullable Channel channel;
    private @Nullable CompletableFuture<String> asked;

    private Caller(Callers callers) {
        this.callers = callers;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Connects; {@link #awaitWelcome} says when it may call. */
    static Caller connect(Callers callers, EventLoop loop, InetSocketAddress node) {
        Caller caller = new Caller(callers);
        caller.channel = WholeFrames.connect(loop, node, caller);
        return caller;
    }

    /** Blocks. */
    void awaitWelcome() {
        welcomed.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
    }

    /** A call whose answer {@link Callers#answered} gets. */
    void call(String method, String ref, String params) {
        send("\"" + ref + "\"", method, params);
    }

    /** One call at a time, for its result. Blocks. */
    String ask(String method, String params) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        channel().eventLoop().execute(() -> {
            asked = answer;
            send(ASKED_REF, method, params);
        });
        return answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
    }

    private void send(String ref, String method, String params) {
        Channel open = channel();
        open.writeAndFlush(
                new TextWebSocketFrame("{\"type\":\"call\",\"ref\":" + ref + ",\"method\":\"" + method
                        + "\",\"params\":" + params + "}"),
                open.voidPromise());
    }

    private Channel channel() {
        Channel open = channel;
        if (open == null) {
            throw new IllegalStateException("the socket is not connected");
        }
        return open;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, TextWebSocketFrame frame) {
        ByteBuf in = frame.content();
        if (begins(in, OK)) {
            callers.answered(in, in.readerIndex() + OK.length);
        } else if (begins(in, ERROR)) {
            callers.refused(in.toString(StandardCharsets.UTF_8));
        } else if (begins(in, WELCOME)) {
            welcomed.complete(null);
        } else if (begins(in, PING)) {
            ctx.writeAndFlush(new TextWebSocketFrame("{\"type\":\"pong\"}"), ctx.voidPromise());
        } else if (asked != null && begins(in, ASKED)) {
            String text = in.toString(StandardCharsets.UTF_8);
            asked.complete(text.substring(ASKED.length, text.length() - 1));
        } else if (asked != null && begins(in, ASKED_IN_VAIN)) {
            asked.completeExceptionally(
                    new IllegalStateException("the gateway answered " + in.toString(StandardCharsets.UTF_8)));
        }
    }

    private static boolean begins(ByteBuf in, byte[] with) {
        if (in.readableBytes() < with.length) {
            return false;
        }
        for (int i = 0; i < with.length; i++) {
            if (in.getByte(in.readerIndex() + i) != with[i]) {
                return false;
            }
        }
        return true;
    }

    /** Blocks. */
    void close() {
        channel().close().syncUninterruptibly();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(new IllegalStateException("the socket was closed"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause);
        ctx.close();
    }

    private void fail(Throwable why) {
        welcomed.completeExceptionally(why);
        if (asked != null) {
            asked.completeExceptionally(why);
        }
        callers.lost(why);
    }
}
