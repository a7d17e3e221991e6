package dev.parley.resilience;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * What waits for Redis: lines, each in order, which together hold so many bytes at most, and each nothing older than so long. What is
 * beyond that is refused with {@code overloaded}; what was taken stays.
 *
 * <p>A line that is not held up has an eighth of the bytes more, so that what waits for one master of a cluster leaves room for what goes
 * straight to the others.
 *
 * @param <E> what waits
 */
public final class OutageQueue<E> {

    /** The part of the bytes that is kept for what is not held up. */
    private static final int SPARE = 8;

    private final ToLongFunction<E> size;
    private final long maxBytes;
    private final long maxAgeNanos;
    private final LongSupplier nanoTime;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong count = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final Queue<Line> lines = new ConcurrentLinkedQueue<>();

    /**
     * @param size of one element in bytes
     * @param maxAge when the oldest element of a line is older, nothing new is taken behind it
     * @param nanoTime such as {@link System#nanoTime}
     */
    public OutageQueue(ToLongFunction<E> size, long maxBytes, Duration maxAge, LongSupplier nanoTime) {
        this.size = size;
        this.maxBytes = maxBytes;
        this.maxAgeNanos = maxAge.toNanos();
        this.nanoTime = nanoTime;
    }

    /** One line more. */
    public Line newLine() {
        Line line = new Line();
        lines.add(line);
        return line;
    }

    public long size() {
        return count.get();
    }

    public long bytes() {
        return bytes.get();
    }

    /** Elements that were refused. */
    public long refused() {
        return refused.get();
    }

    /** Age of the oldest element, zero when there is none. */
    public Duration oldest() {
        long now = nanoTime.getAsLong();
        long oldest = 0;
        for (Line line : lines) {
            oldest = Math.max(oldest, line.age(now));
        }
        return Duration.ofNanos(oldest);
    }

    private record Entry<E>(E element, long since) {}

    /** One line. Not thread-safe but for what the queue itself asks of it. */
    public final class Line {

        private final ArrayDeque<Entry<E>> entries = new ArrayDeque<>();
        /** Since when the head waits. */
        private volatile long since;

        private volatile boolean empty = true;

        private Line() {}

        public boolean isEmpty() {
            return empty;
        }

        /**
         * Takes one more, at the end.
         *
         * @param held the line waits for Redis
         * @throws ParleyException {@code overloaded} when the queue is full or its oldest element too old
         */
        public void add(E element, boolean held) {
            long more = size.applyAsLong(element);
            if (bytes.addAndGet(more) > (held ? maxBytes : maxBytes + maxBytes / SPARE)) {
                bytes.addAndGet(-more);
                throw overloaded("too many events wait for Redis on this node");
            }
            if (age(nanoTime.getAsLong()) > maxAgeNanos) {
                bytes.addAndGet(-more);
                throw overloaded("events have been waiting for Redis for too long on this node");
            }
            append(element);
        }

        /** Takes one that was accepted before, whatever the bounds are. */
        public void restore(E element) {
            bytes.addAndGet(size.applyAsLong(element));
            append(element);
        }

        private void append(E element) {
            entries.add(new Entry<>(element, nanoTime.getAsLong()));
            count.incrementAndGet();
            headChanged();
        }

        /** The first ones, which stay: so many at most, and so many bytes unless one alone has more. */
        public List<E> head(int most, long mostBytes) {
            List<E> head = new ArrayList<>(Math.min(most, entries.size()));
            long sum = 0;
            for (Entry<E> entry : entries) {
                sum += size.applyAsLong(entry.element);
                if (head.size() == most || (sum > mostBytes && !head.isEmpty())) {
                    break;
                }
                head.add(entry.element);
            }
            return head;
        }

        /**
         * Settles the first ones.
         *
         * @param stays for each of them whether it keeps its place
         */
        public void settle(boolean[] stays) {
            ArrayDeque<Entry<E>> staying = new ArrayDeque<>();
            for (boolean stay : stays) {
                Entry<E> entry = entries.remove();
                if (stay) {
                    staying.push(entry);
                } else {
                    bytes.addAndGet(-size.applyAsLong(entry.element));
                    count.decrementAndGet();
                }
            }
            staying.forEach(entries::addFirst);
            headChanged();
        }

        public void forEach(Consumer<E> action) {
            entries.forEach(entry -> action.accept(entry.element));
        }

        private void headChanged() {
            Entry<E> head = entries.peek();
            if (head != null) {
                since = head.since;
            }
            empty = head == null;
        }

        private long age(long now) {
            return empty ? 0 : Math.max(0, now - since);
        }

        private ParleyException overloaded(String why) {
            refused.incrementAndGet();
            return ParleyException.of(ErrorCode.OVERLOADED, why + ": try again later");
        }
    }
}
