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
 * What is on its way to one socket, bounded in bytes. Any thread may offer; the channel's event loop writes in its next round while the
 * channel is writable, and flushes once for all that it found.
 *
 * <p>Frames carry their WebSocket header already, so they are written behind the encoder.
 */
final class Outbox {

    /** Bytes that are handed to the channel at once. */
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
     * @param overflow called once, by whoever offers one too many
     */
    Outbox(Channel channel, WriteCoalescer rounds, int limit, Runnable overflow) {
        this.channel = channel;
        this.rounds = rounds;
        this.encoder = channel.pipeline().context(WebSocketFrameEncoder.class);
        this.limit = limit;
        this.overflow = overflow;
    }

    /** Where it is written. */
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

    /** Takes a frame only while less than half of the outbox is used. */
    void offerEphemeral(EncodedFrame frame) {
        if (!closed.get() && bytes.get() + frame.size() <= limit / 2) {
            add(frame, bytes.getAndAdd(frame.size()));
        }
    }

    private void add(EncodedFrame frame, long before) {
        frames.add(frame);
        if (before > limit / 4 && channel.isWritable() && loop().inEventLoop()) {
            // Whoever has so much to offer at once must not fill it before its turn to write comes.
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

    /** Whether at most a quarter of the outbox is used: then a frame of any size is taken. */
    boolean hasRoom() {
        return bytes.get() <= limit / 4;
    }

    /** Its part of a round. */
    private boolean turn() {
        planned.set(false);
        return write();
    }

    /** Writes what the channel takes now. On the event loop. */
    void drain() {
        var unused = write();
    }

    /** Returns whether there was anything that the channel takes now. */
    private boolean write() {
        if (closed.get()) {
            // Only here may the queue be emptied: it takes one consumer.
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

    /** Writes what the channel has room for, in one buffer: copying small frames together is cheaper than handing each to the kernel by itself. */
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
            // Whoever waited may have gone.
            assert result.isSuccess() || result == Sinks.EmitResult.FAIL_CANCELLED : result;
        }
    }

    /** Writes all that is left, writable or not, unless it overflowed: the end comes after it. On the event loop. */
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

    /** Takes nothing any more; what has not been written never is. Any thread. */
    void close() {
        closed.set(true);
    }
}
