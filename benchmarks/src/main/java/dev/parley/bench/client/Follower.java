package dev.parley.bench.client;

import dev.parley.bench.client.Dialect.Step;
import dev.parley.bench.load.Stamp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket that follows one conversation, and what came over it. It looks for stamps in the frames' bytes and decodes nothing else:
 * what it costs must not be what is measured. Everything happens on the fleet's event loop.
 */
public final class Follower extends ChannelInboundHandlerAdapter {

    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int LONGEST_POSITION = 40;

    /** Netty reads 64 KiB at once at most. */
    private static final long BETWEEN_SIPS_MS = 1_000;

    enum State {
        CLOSED,
        CONNECTING,
        UPGRADING,
        JOINING,
        FOLLOWING
    }

    private final Fleet fleet;
    private final int conversation;
    private final int ordinal;
    private final int node;
    private final Track track = new Track();
    private State state = State.CLOSED;
    private @Nullable Channel channel;
    private @Nullable ByteBuf rest;
    private int lastLength = -1;
    private int lastStampAt;
    private int positionAt = -1;
    private final byte[] position = new byte[LONGEST_POSITION];
    private int positionLength;
    /** Caught up means: up to here. -1 when it is not behind. */
    private int behindUntil = -1;

    private long cameBackAt;
    private long closedAt;
    private boolean started;
    private boolean slow;
    private @Nullable Future<?> sipping;

    Follower(Fleet fleet, int ordinal, int conversation, int node) {
        this.fleet = fleet;
        this.ordinal = ordinal;
        this.conversation = conversation;
        this.node = node;
    }

    public int conversation() {
        return conversation;
    }

    /** Its number in the fleet. */
    public int ordinal() {
        return ordinal;
    }

    int node() {
        return node;
    }

    @Nullable
    String position() {
        return positionLength == 0 ? null : new String(position, 0, positionLength, StandardCharsets.US_ASCII);
    }

    /** It is on its way in; nothing before this number concerns it, the first time. */
    void connecting() {
        state = State.CONNECTING;
    }

    /** It could not connect. */
    void failed() {
        state = State.CLOSED;
        closedAt = System.nanoTime();
    }

    /** For how many nanoseconds it has been closed; -1 when it is not. */
    long closedFor(long now) {
        return state == State.CLOSED ? now - closedAt : -1;
    }

    /**
     * It has been away: it is timed until it has everything below this number. One that was cut again before it had caught up is still being
     * timed since it first came back, the time in which it was away again with it: who reads over it has waited all the while.
     */
    void comesBack(int until, long now) {
        if (started) {
            if (!isBehind()) {
                cameBackAt = now;
            }
            behindUntil = until;
        }
    }

    /** Whether it has come back and has not yet what it missed. */
    boolean isBehind() {
        return behindUntil >= 0;
    }

    /** What it has missed so far is missing; of what was sent before it first came, nothing is. */
    int missing(int published) {
        return started ? track.missing(published) : 0;
    }

    /** From now on it reads 64 KiB a second at most. */
    void slowDown() {
        Channel open = channel;
        if (open == null || sipping != null) {
            return;
        }
        slow = true;
        open.config().setAutoRead(false);
        if (open.config().getRecvByteBufAllocator() instanceof MaxMessagesRecvByteBufAllocator allocator) {
            allocator.maxMessagesPerRead(1);
        }
        sipping = open.eventLoop()
                .scheduleAtFixedRate(open::read, BETWEEN_SIPS_MS, BETWEEN_SIPS_MS, TimeUnit.MILLISECONDS);
    }

    /** It reads all that there is again. */
    void hurry() {
        Future<?> sips = sipping;
        if (sips != null) {
            sips.cancel(false);
            sipping = null;
        }
        Channel open = channel;
        if (open != null) {
            open.config().setAutoRead(true);
        }
    }

    /** Whether it was slowed down, and has not been closed since. */
    boolean isSlow() {
        return slow;
    }

    void cut() {
        Channel open = channel;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public boolean isSharable() {
        // A follower that comes back is put into its next channel.
        return true;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        channel = ctx.channel();
        state = State.UPGRADING;
        Dialect dialect = fleet.dialect();
        String protocol = dialect.subprotocol();
        String request =
                "GET " + dialect.path(fleet.name(conversation), position()) + " HTTP/1.1\r\nHost: " + fleet.host(node)
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybGV5LWJlbmNobWFyaw==\r\n"
                        + (protocol == null ? "" : "Sec-WebSocket-Protocol: " + protocol + "\r\n") + "\r\n";
        ctx.writeAndFlush(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII), ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (rest != null) {
            in = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), rest, in);
            rest = null;
        }
        try {
            if (state == State.UPGRADING && !upgraded(ctx, in)) {
                return;
            }
            frames(ctx, in, System.nanoTime());
        } finally {
            keep(in);
        }
    }

    private void keep(ByteBuf in) {
        if (in.isReadable() && state != State.CLOSED) {
            rest = in;
        } else {
            in.release();
        }
    }

    private boolean upgraded(ChannelHandlerContext ctx, ByteBuf in) {
        int end = ByteBufUtil.indexOf(Fleet.END_OF_HEAD, in);
        if (end < 0) {
            return false;
        }
        String head = in.toString(in.readerIndex(), end - in.readerIndex(), StandardCharsets.US_ASCII);
        in.readerIndex(end + Fleet.END_OF_HEAD.readableBytes());
        if (!head.startsWith("HTTP/1.1 101 ")) {
            fleet.problem("a socket was refused: " + head.lines().findFirst().orElse(""));
            ctx.close();
            return false;
        }
        state = State.JOINING;
        if (fleet.dialect().followsAtOnce()) {
            follows();
        }
        return true;
    }

    private void frames(ChannelHandlerContext ctx, ByteBuf in, long now) {
        int at = in.readerIndex();
        int end = in.writerIndex();
        while (end - at >= 2) {
            int opcode = in.getByte(at) & 15;
            int length = in.getByte(at + 1) & 127;
            int head = 2;
            if (length == 126) {
                head = 4;
                if (end - at < head) {
                    break;
                }
                length = in.getUnsignedShort(at + 2);
            } else if (length == 127) {
                head = 10;
                if (end - at < head) {
                    break;
                }
                length = Math.toIntExact(in.getLong(at + 2));
            }
            if (end - at - head < length) {
                break;
            }
            frame(ctx, opcode, in, at + head, length, now);
            at += head + length;
        }
        in.readerIndex(at);
    }

    private void frame(ChannelHandlerContext ctx, int opcode, ByteBuf in, int at, int length, long now) {
        switch (opcode) {
            case TEXT, BINARY, CONTINUATION -> text(ctx, in, at, length, now);
            case PING -> send(ctx, PONG, in.toString(at, length, StandardCharsets.ISO_8859_1));
            case CLOSE -> {
                if (length >= 2 && slow && fleet.dialect().isTooSlow(in.getUnsignedShort(at))) {
                    fleet.tooSlow();
                } else if (length >= 2) {
                    fleet.closed(in.getUnsignedShort(at), in.toString(at + 2, length - 2, StandardCharsets.UTF_8));
                }
                ctx.close();
            }
            default -> {}
        }
    }

    private void text(ChannelHandlerContext ctx, ByteBuf in, int at, int length, long now) {
        int run = fleet.run();
        if (length == lastLength && Stamp.at(in, at + lastStampAt, run)) {
            event(in, at, lastStampAt, now);
            return;
        }
        // Events may have been joined into one: then it has several stamps.
        boolean isEvent = state == State.FOLLOWING && fleet.dialect().isEvent(in, at);
        boolean found = false;
        int end = at + length - Stamp.LENGTH;
        int from = at;
        while (from <= end) {
            int next = in.indexOf(from, end + 1, Stamp.FIRST);
            if (next < 0) {
                break;
            }
            if (!Stamp.at(in, next, run)) {
                from = next + 1;
            } else if (!isEvent) {
                recover(in, next);
                from = next + Stamp.LENGTH;
            } else {
                if (!found) {
                    lastLength = length;
                    lastStampAt = next - at;
                    byte[] mark = fleet.positionMark();
                    positionAt = mark == null ? -1 : findPosition(in, at, next, mark);
                } else {
                    lastLength = -1;
                }
                found = true;
                event(in, at, next - at, now);
                from = next + Stamp.LENGTH;
            }
        }
        if (!found) {
            step(ctx, fleet.dialect().step(in.toString(at, length, StandardCharsets.UTF_8), fleet.name(conversation)));
        }
    }

    private void step(ChannelHandlerContext ctx, Step step) {
        if (step.answer() != null) {
            send(ctx, TEXT, step.answer());
        }
        if (step.againMs() > 0) {
            ctx.close();
            fleet.again(this, step.againMs());
        }
        if (step.lost()) {
            fleet.gap();
        }
        if (step.following() && state == State.JOINING) {
            follows();
        }
    }

    /** A snapshot has it: it is there, though it did not come as an event. */
    private void recover(ByteBuf in, int stamp) {
        if (started && Stamp.conversation(in, stamp) == conversation) {
            fleet.recovered(track.arrived(Stamp.number(in, stamp)));
        }
    }

    private void follows() {
        state = State.FOLLOWING;
        if (!started) {
            started = true;
            track.startAt(fleet.published(conversation));
        }
        fleet.follows();
        caughtUp(System.nanoTime());
    }

    private void event(ByteBuf in, int frame, int stampAt, long now) {
        int stamp = frame + stampAt;
        if (Stamp.conversation(in, stamp) != conversation) {
            fleet.problem("an event of conversation " + Stamp.conversation(in, stamp) + " came to a follower of "
                    + conversation);
            return;
        }
        if (positionAt >= 0) {
            keepPosition(in, frame + positionAt);
        }
        fleet.arrived(track.arrived(Stamp.number(in, stamp)), now - Stamp.nanos(in, stamp), !slow);
        caughtUp(now);
    }

    private void caughtUp(long now) {
        if (isBehind() && state == State.FOLLOWING && track.next() >= behindUntil) {
            behindUntil = -1;
            fleet.caughtUp(now - cameBackAt);
        }
    }

    /** Where the position stands in the frame; -1 when it has none. */
    private static int findPosition(ByteBuf in, int from, int to, byte[] mark) {
        for (int at = from; at < to - mark.length; at++) {
            if (matches(in, at, mark)) {
                return at + mark.length - from;
            }
        }
        return -1;
    }

    private static boolean matches(ByteBuf in, int at, byte[] mark) {
        for (int i = 0; i < mark.length; i++) {
            if (in.getByte(at + i) != mark[i]) {
                return false;
            }
        }
        return true;
    }

    private void keepPosition(ByteBuf in, int at) {
        int length = 0;
        byte c;
        while (length < LONGEST_POSITION && (c = in.getByte(at + length)) != '"') {
            position[length++] = c;
        }
        positionLength = length;
    }

    /** A client's frame is masked; a mask of zeros changes nothing. */
    private static void send(ChannelHandlerContext ctx, int opcode, String text) {
        byte[] bytes = text.getBytes(opcode == TEXT ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        ByteBuf out = ctx.alloc().buffer(bytes.length + 8);
        out.writeByte(128 | opcode);
        if (bytes.length < 126) {
            out.writeByte(128 | bytes.length);
        } else {
            out.writeByte(128 | 126).writeShort(bytes.length);
        }
        out.writeInt(0).writeBytes(bytes);
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        boolean followed = state == State.FOLLOWING;
        state = State.CLOSED;
        closedAt = System.nanoTime();
        channel = null;
        lastLength = -1;
        hurry();
        if (slow) {
            slow = false;
            fleet.slowOneClosed();
        }
        if (rest != null) {
            rest.release();
            rest = null;
        }
        fleet.left(followed);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fleet.problem("a socket failed: " + cause);
        ctx.close();
    }
}
