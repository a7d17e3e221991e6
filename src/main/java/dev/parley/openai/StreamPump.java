package dev.parley.openai;

import dev.parley.llmcache.live.LiveAnswer;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.MonoSink;

/**
 * Reads a stream of the upstream into a {@link LiveAnswer}, some events at a time: when a reader of it has everything and wants more, or
 * continuously once {@link #free}. Thread-safe.
 */
final class StreamPump extends BaseSubscriber<byte[]> {

    /** Maximum events read ahead of the fastest reader, which then receives them in one piece. */
    private static final int AT_ONCE = 16;

    private final LiveAnswer answer;
    private final Runnable added;
    private final MonoSink<Void> sink;
    private final AtomicInteger asked = new AtomicInteger();
    private volatile boolean free;

    /**
     * @param added run after each added event
     * @param sink notified when the stream has ended; the answer has not, then
     */
    StreamPump(LiveAnswer answer, Runnable added, MonoSink<Void> sink) {
        this.answer = answer;
        this.added = added;
        this.sink = sink;
    }

    /** Whether the stream is read at its own pace from now on. */
    void free(boolean now) {
        free = now;
        if (now) {
            pull();
        }
    }

    /** Requests more events, unless some are requested. */
    void pull() {
        if (upstream() != null && asked.compareAndSet(0, AT_ONCE)) {
            request(AT_ONCE);
        }
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
        // Readers may have subscribed before.
        pull();
    }

    @Override
    protected void hookOnNext(byte[] event) {
        int unused = asked.decrementAndGet();
        answer.add(event);
        added.run();
        if (free) {
            pull();
        }
    }

    @Override
    protected void hookOnComplete() {
        sink.success();
    }

    @Override
    protected void hookOnError(Throwable error) {
        sink.error(error);
    }
}
