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
 * The elements that wait for Redis: lines, each in order, bounded together in bytes, and each in the age of its oldest element. Beyond the
 * bounds new elements are rejected with {@code overloaded}; accepted ones stay.
 *
 * <p>A line that is not held has an eighth of the bytes more, so that elements waiting for one master of a cluster leave room for those of
 * other masters.
 *
 * @param <E> the type of the elements
 */
public final class OutageQueue<E> {

    /** The part of the bytes that is reserved for lines that are not held. */
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
     * @param maxAge when the oldest element of a line is older, the line accepts nothing new
     * @param nanoTime such as {@link System#nanoTime}
     */
    public OutageQueue(ToLongFunction<E> size, long maxBytes, Duration maxAge, LongSupplier nanoTime) {
        this.size = size;
        this.maxBytes = maxBytes;
        this.maxAgeNanos = maxAge.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Adds a line. */
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

    /** Number of rejected elements. */
    public long refused() {
        return refused.get();
    }

    /** Age of the oldest element; zero if there is none. */
    public Duration oldest() {
        long now = nanoTime.getAsLong();
        long oldest = 0;
        for (Line line : lines) {
            oldest = Math.max(oldest, line.age(now));
        }
        return Duration.ofNanos(oldest);
    }

    private record Entry<E>(E element, long since) {}

    /** One line. Not thread-safe, except for what the queue itself reads of it. */
    public final class Line {

        private final ArrayDeque<Entry<E>> entries = new ArrayDeque<>();
        /** The time since which the head waits. */
        private volatile long since;

        private volatile boolean empty = true;

        private Line() {}

        public boolean isEmpty() {
            return empty;
        }

        /**
         * Adds an element at the end.
         *
         * @param held whether the line waits for Redis
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

        /** Adds an element that was accepted before, whatever the bounds are. */
        public void restore(E element) {
            bytes.addAndGet(size.applyAsLong(element));
            append(element);
        }

        private void append(E element) {
            entries.add(new Entry<>(element, nanoTime.getAsLong()));
            count.incrementAndGet();
            headChanged();
        }

        /** The first elements, which stay: at most that many, and that many bytes unless a single one has more. */
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
         * Settles the first elements.
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
