package dev.parley.websocket;

import dev.parley.protocol.EncodedFrame;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.concurrent.Queues;

/**
 * The frames that wait for one socket, bounded in bytes. Any thread may offer. The channel's event loop writes in its next round while the
 * channel is writable, and flushes once per round.
 *
 * <p>Frames have their WebSocket header already, so they are written behind the encoder.
 */
final class Outbox {

    /** Bytes passed to the channel in one write. */
    private static final int WRITE = 64 * 1024;

    private final Channel channel;
    private final WriteCoalescer rounds;
    private final BooleanSupplier turn = this::turn;
    private final ChannelHandlerContext encoder;
    private final int limit;
    private final Runnable overflow;
    private final Queue<EncodedFrame> frames =
            Queues.<EncodedFrame>unboundedMultiproducer().get();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicBoolean planned = new AtomicBoolean();
    private final Queue<Sinks.Empty<Void>> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * @param rounds of the channel's event loop
     * @param limit bytes that may wait; a single frame may be larger while at most a quarter is used
     * @param overflow called once, by the thread whose frame exceeds the limit
     */
    Outbox(Channel channel, WriteCoalescer rounds, int limit, Runnable overflow) {
        this.channel = channel;
        this.rounds = rounds;
        this.encoder = channel.pipeline().context(WebSocketFrameEncoder.class);
        this.limit = limit;
        this.overflow = overflow;
    }

    /** The event loop that writes. */
    EventLoop loop() {
        return channel.eventLoop();
    }

    void offer(EncodedFrame frame) {
        if (closed.get()) {
            return;
        }
        long before = bytes.getAndAdd(frame.size());
        if (before > limit / 4 && before + frame.size() > limit) {
            if (closed.compareAndSet(false, true)) {
                overflow.run();
            }
            return;
        }
        add(frame, before);
    }

    /** Accepts a frame only while less than half of the outbox is used. */
    void offerEphemeral(EncodedFrame frame) {
        if (!closed.get() && bytes.get() + frame.size() <= limit / 2) {
            add(frame, bytes.getAndAdd(frame.size()));
        }
    }

    private void add(EncodedFrame frame, long before) {
        frames.add(frame);
        if (before > limit / 4 && channel.isWritable() && loop().inEventLoop()) {
            // A thread with many frames must not fill the outbox before its round comes.
            drain();
        } else if (before <= limit / 4 && before + frame.size() > limit / 4) {
            loop().execute(this::drain);
        } else if (planned.compareAndSet(false, true)) {
            rounds.join(turn);
        }
    }

    /** Completes when at most a quarter of the outbox is used. */
    Mono<Void> room() {
        return Mono.defer(() -> {
            if (hasRoom()) {
                return Mono.empty();
            }
            Sinks.Empty<Void> one = Sinks.empty();
            waiting.add(one);
            loop().execute(this::drain);
            return one.asMono();
        });
    }

    /** Whether at most a quarter of the outbox is used: then a frame of any size is accepted. */
    boolean hasRoom() {
        return bytes.get() <= limit / 4;
    }

    /** The outbox's part of a round. */
    private boolean turn() {
        planned.set(false);
        return write();
    }

    /** Writes what the channel accepts now. On the event loop. */
    void drain() {
        var unused = write();
    }

    /** Returns whether anything was written. */
    private boolean write() {
        if (closed.get()) {
            // The queue allows one consumer, so it is emptied only here.
            frames.clear();
            return false;
        }
        boolean wrote = false;
        while (channel.isWritable() && writeSome()) {
            wrote = true;
        }
        if (wrote) {
            encoder.flush();
        }
        while (hasRoom() && !waiting.isEmpty()) {
            complete(waiting.poll());
        }
        return wrote;
    }

    /** Writes what the channel has room for, in one buffer: copying small frames together is cheaper than passing each to the kernel. */
    private boolean writeSome() {
        EncodedFrame frame = frames.poll();
        if (frame == null) {
            return false;
        }
        long room = Math.min(WRITE, channel.bytesBeforeUnwritable());
        ByteBuf buffer = channel.alloc().directBuffer((int) Math.max(frame.size(), Math.min(bytes.get(), room)));
        long taken = 0;
        do {
            frame.writeTo(buffer);
            taken += frame.size();
        } while (buffer.readableBytes() < room && (frame = frames.poll()) != null);
        bytes.addAndGet(-taken);
        // The void promise reports a failure to the pipeline.
        var unused = encoder.write(buffer, encoder.voidPromise());
        return true;
    }

    private static void complete(Sinks.@Nullable Empty<Void> one) {
        if (one != null) {
            Sinks.EmitResult result = one.tryEmitEmpty();
            // The waiting subscriber may have left.
            assert result.isSuccess() || result == Sinks.EmitResult.FAIL_CANCELLED : result;
        }
    }

    /** Writes everything that is left, writable or not, unless the outbox overflowed: the close frame comes after it. On the event loop. */
    void finish() {
        if (closed.compareAndSet(false, true)) {
            boolean more = true;
            while (more) {
                more = writeSome();
            }
            encoder.flush();
        }
        frames.clear();
    }

    /** Accepts nothing more, and drops what has not been written. Any thread. */
    void close() {
        closed.set(true);
    }
}
