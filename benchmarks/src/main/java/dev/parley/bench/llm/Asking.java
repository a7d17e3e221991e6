package dev.parley.bench.llm;

import io.netty.channel.EventLoop;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Asks, at a rate or so many at once, and counts what has become of it. Times run from the moment at which something was meant to be asked,
 * in nanoseconds. The counters may be read by any thread, the rest belongs to the event loop.
 */
public final class Asking {

    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Asks the nth question, on the event loop. */
    @FunctionalInterface
    public interface Ask {
        void ask(long n, Done done);
    }

    /** Called once for each question, on the event loop. */
    @FunctionalInterface
    public interface Done {

        /** @param why more about it, where it was refused */
        void done(Outcome outcome, Object why);
    }

    private final EventLoop loop;
    private final Map<Outcome, SingleWriterRecorder> latency = new EnumMap<>(Outcome.class);
    private final Map<Outcome, AtomicLong> counts = new EnumMap<>(Outcome.class);
    private final AtomicLong asked = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private volatile @Nullable String refusal;
    /** What is being asked now. */
    private @Nullable Object load;

    public Asking(EventLoop loop) {
        this.loop = loop;
        for (Outcome outcome : Outcome.values()) {
            latency.put(outcome, new SingleWriterRecorder(3));
            counts.put(outcome, new AtomicLong());
        }
    }

    /** Asks at a rate, from 0 on, until it is stopped. */
    public void pace(double perSecond, Ask ask) {
        Object steady = new Object();
        long start = System.nanoTime();
        loop.execute(() -> {
            load = steady;
            pace(steady, start, 1e9 / perSecond, 0, ask);
        });
    }

    /** A timer for each, so that none waits for a tick. */
    private void pace(Object steady, long start, double nanosEach, long first, Ask ask) {
        if (load != steady) {
            return;
        }
        long now = System.nanoTime();
        long next = first;
        long due = start + (long) (next * nanosEach);
        while (due <= now) {
            ask(next++, due, ask);
            due = start + (long) (next * nanosEach);
        }
        long from = next;
        loop.schedule(() -> pace(steady, start, nanosEach, from, ask), due - now, TimeUnit.NANOSECONDS);
    }

    /** Asks so many, so many at once. Blocks until all are answered; throws when none is for a while. */
    public void run(long count, int atOnce, Ask ask) throws InterruptedException {
        Some some = new Some(count, ask);
        for (int i = 0; i < atOnce; i++) {
            loop.execute(some::next);
        }
        awaitAnswers(() -> some.left.get() == 0);
        if (some.left.get() > 0) {
            throw new IllegalStateException(some.left.get() + " questions are not answered: " + refusal);
        }
    }

    /** So many, of which an answer sends the next one. */
    private final class Some {

        private final long count;
        private final Ask ask;
        private final AtomicLong left;
        private long next;

        Some(long count, Ask ask) {
            this.count = count;
            this.ask = ask;
            this.left = new AtomicLong(count);
        }

        void next() {
            if (next < count) {
                Asking.this.ask(next++, System.nanoTime(), this::ask);
            }
        }

        private void ask(long n, Done done) {
            ask.ask(n, (outcome, why) -> {
                done.done(outcome, why);
                left.decrementAndGet();
                // Not from here: what is answered at once would nest.
                loop.execute(this::next);
            });
        }
    }

    private void ask(long n, long due, Ask ask) {
        increment(asked);
        ask.ask(n, (outcome, why) -> {
            latency.get(outcome).recordValue(Math.max(0, System.nanoTime() - due));
            increment(counts.get(outcome));
            increment(answered);
            if (!outcome.isAnswer()) {
                refusal = outcome + ": " + why;
            }
        });
    }

    private static void increment(AtomicLong counter) {
        counter.lazySet(counter.get() + 1);
    }

    /** Asks no more, and waits until all are answered, or nothing is answered any more. Blocks. */
    public void stop() throws InterruptedException {
        loop.submit(() -> load = null).syncUninterruptibly();
        awaitAnswers(() -> answered.get() == asked.get());
    }

    private void awaitAnswers(BooleanSupplier enough) throws InterruptedException {
        long before = -1;
        long since = System.nanoTime();
        while (!enough.getAsBoolean() && System.nanoTime() - since < SILENCE_NANOS) {
            if (answered.get() != before) {
                before = answered.get();
                since = System.nanoTime();
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    /** Times of one outcome since the last time that was asked, in nanoseconds. */
    public Histogram latency(Outcome outcome) {
        return latency.get(outcome).getIntervalHistogram();
    }

    /** All that have ended so, so far. */
    public long count(Outcome outcome) {
        return counts.get(outcome).get();
    }

    public long asked() {
        return asked.get();
    }

    public long answered() {
        return answered.get();
    }

    /** What was the matter with one that was refused or wrong; null when none was. */
    public @Nullable String refusal() {
        return refusal;
    }
}
