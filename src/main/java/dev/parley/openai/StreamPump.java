package dev.parley.openai;

import dev.parley.llmcache.live.LiveAnswer;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.MonoSink;

/**
 * Reads a stream of the upstream's into a {@link LiveAnswer}, some events at a time: when a reader of it has what there is and wants more;
 * or without a stop, once {@link #free}. Thread-safe.
 */
final class StreamPump extends BaseSubscriber<byte[]> {

    /** Events that are read ahead of the fastest reader at most: it then gets them in one piece. */
    private static final int AT_ONCE = 16;

    private final LiveAnswer answer;
    private final Runnable added;
    private final MonoSink<Void> sink;
    private final AtomicInteger asked = new AtomicInteger();
    private volatile boolean free;

    /**
     * @param added run behind each event that has been added
     * @param sink told when the stream has ended; its answer has not, then
     */
    StreamPump(LiveAnswer answer, Runnable added, MonoSink<Void> sink) {
        this.answer = answer;
        this.added = added;
        this.sink = sink;
    }

    /** Whether nobody's pace counts from now on. */
    void free(boolean now) {
        free = now;
        if (now) {
            pull();
        }
    }

    /** Asks for more events, unless some are asked for. */
    void pull() {
        if (upstream() != null && asked.compareAndSet(0, AT_ONCE)) {
            request(AT_ONCE);
        }
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
        // Readers may have been there before.
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
