package dev.parley.llmcache.live;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A stream in progress: its newest {@link #WINDOW} bytes, and its readers. Only the caller for which it began reads it before {@link
 * #show}. Readers do not delay each other: all read the same bytes, each at its own pace; the fastest requests more, and one that falls
 * behind the window is cut off. Thread-safe.
 *
 * <p>It can be joined as long as it has its first byte, which takes memory. When that memory is used up, bytes that all readers have are
 * dropped, and the window is {@link #NARROW}.
 */
public final class LiveAnswer {

    /** Bytes that are kept. A longer stream can't be joined any more. */
    static final int WINDOW = 4 << 20;

    /** Bytes that are kept for slow readers when there is no memory. */
    static final int NARROW = 256 << 10;

    /** Maximum bytes that a slow reader receives at a time. */
    private static final int AT_ONCE = 16 << 10;

    /** Memory per part, besides its bytes. */
    private static final long EACH = 32;

    /** The state of the stream. */
    enum State {
        HIDDEN,
        SHOWN,
        /** It has ended completely. */
        WHOLE,
        /** It was cut off. */
        CUT;

        boolean ended() {
            return this == WHOLE || this == CUT;
        }
    }

    /**
     * A piece of the stream.
     *
     * @param last whether it is the last one available now
     */
    record Part(byte[] bytes, boolean last, State state) {}

    /** A reader of the stream. */
    interface Reader {

        /** There is more, or the stream has ended. Must be quick. */
        void more();

        /** The first byte that it may still request. */
        long at();

        /** Whether the stream should continue for it. */
        boolean follows();
    }

    private final MemoryBudget memory;
    private final List<byte[]> parts = new ArrayList<>();
    private final Set<Reader> readers = ConcurrentHashMap.newKeySet();
    private final Sinks.One<LiveAnswer> shown = Sinks.one();
    private volatile Runnable pull = () -> {};
    private volatile Runnable unread = () -> {};
    private boolean joinable;
    private boolean isShown;
    private boolean forgotten;
    private long held;
    private long begin;
    private long end;
    private @Nullable State ended;

    /**
     * @param joinable whether others may read it from its first byte on
     * @param memory the budget for its bytes
     */
    LiveAnswer(boolean joinable, MemoryBudget memory) {
        this.joinable = joinable;
        this.memory = memory;
    }

    /**
     * Sets the source of the next bytes.
     *
     * @param more run when a reader has everything and wants more
     * @param nobody run when the last reader has left
     */
    public void source(Runnable more, Runnable nobody) {
        pull = more;
        unread = nobody;
    }

    /** Adds the next bytes, one event or several; they must not be changed afterwards. */
    public void add(byte[] part) {
        synchronized (this) {
            if (ended != null) {
                return;
            }
            parts.add(part);
            end += part.length;
            long taken = part.length + EACH;
            held += taken;
            boolean free = memory.force(taken);
            joinable &= free;
            if (!joinable) {
                dropTo(readers.stream().mapToLong(Reader::at).min().orElse(begin));
            }
            long window = free ? WINDOW : NARROW;
            if (end - begin > window) {
                // A quarter at a time, because the rest of the list moves each time.
                dropTo(end - window / 4 * 3);
            }
        }
        tell();
    }

    /** Drops parts before a byte; never the last one. */
    private void dropTo(long first) {
        int count = 0;
        while (count < parts.size() - 1 && begin + parts.get(count).length <= first) {
            int length = parts.get(count++).length;
            begin += length;
            held -= length + EACH;
            memory.give(length + EACH);
        }
        parts.subList(0, count).clear();
    }

    /** From now on others may follow it. */
    public void show() {
        synchronized (this) {
            if (ended != null || isShown) {
                return;
            }
            isShown = true;
        }
        // Fails only if the stream ends at the same moment.
        Sinks.EmitResult unused = shown.tryEmitValue(this);
        tell();
    }

    /** The stream has ended completely. One that was not shown remains hidden. */
    public void end() {
        boolean unused = end(State.WHOLE, false);
    }

    /** Cuts the stream off, unless it has ended: followers learn it after the present bytes. */
    public void cut() {
        boolean unused = end(State.CUT, false);
    }

    /** Cuts the stream off, unless a caller follows or waits for it. Returns whether it has ended now. */
    public boolean cutUnlessFollowed() {
        return end(State.CUT, true);
    }

    private boolean end(State how, boolean unlessFollowed) {
        synchronized (this) {
            if (ended != null || (unlessFollowed && watched())) {
                return ended != null;
            }
            ended = how;
        }
        // Has no effect if it was shown.
        Sinks.EmitResult unused = shown.tryEmitEmpty();
        tell();
        settle();
        return true;
    }

    /** Nobody can find it any more: its memory is returned with its last reader. */
    void forget() {
        synchronized (this) {
            forgotten = true;
        }
        settle();
    }

    private synchronized void settle() {
        if (forgotten && ended != null && readers.isEmpty()) {
            memory.give(held);
            held = 0;
        }
    }

    private void tell() {
        readers.forEach(Reader::more);
    }

    /** Emits the stream when it is shown; empty if it ends hidden, or can't be joined any more. */
    Mono<LiveAnswer> shown() {
        return shown.asMono().filter(LiveAnswer::begins);
    }

    private synchronized boolean begins() {
        return begin == 0 && joinable;
    }

    /** Whether a caller waits for it, or follows. */
    public boolean watched() {
        return shown.currentSubscriberCount() > 0 || readers.stream().anyMatch(Reader::follows);
    }

    /** Notifies a reader whenever there is more, until it leaves. */
    void follow(Reader reader) {
        synchronized (this) {
            readers.add(reader);
        }
    }

    void leave(Reader reader) {
        boolean last;
        synchronized (this) {
            last = readers.remove(reader) && readers.isEmpty();
        }
        if (last) {
            settle();
            unread.run();
        }
    }

    /** A reader has everything and wants more. */
    void pull() {
        pull.run();
    }

    /** As {@link #read}, for readers that may see only what is shown. */
    @Nullable
    Part readShown(long from, int most) {
        synchronized (this) {
            if (!isShown) {
                return new Part(new byte[0], true, ended == null ? State.HIDDEN : State.CUT);
            }
        }
        return read(from, most);
    }

    /** The bytes from an offset on, at most that many or one part; null if they were dropped, or no part begins there. */
    synchronized @Nullable Part read(long from, int most) {
        int index = parts.size();
        long at = end;
        while (at > from && index > 0) {
            at -= parts.get(--index).length;
        }
        if (at != from) {
            return null;
        }
        int last = index;
        int length = 0;
        while (last < parts.size() && (last == index || length + parts.get(last).length <= most)) {
            length += parts.get(last++).length;
        }
        State state = ended != null ? ended : isShown ? State.SHOWN : State.HIDDEN;
        return new Part(joined(parts.subList(index, last), length), last == parts.size(), state);
    }

    private static byte[] joined(List<byte[]> parts, int length) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream(length);
        parts.forEach(all::writeBytes);
        return all.toByteArray();
    }

    /**
     * The whole stream from its beginning, as it arrives; a slow subscriber receives several events at a time. Cold; emits on the thread
     * that adds or requests. Fails with {@code unavailable} if the stream is cut off, or the subscriber is too slow.
     */
    public Flux<byte[]> events() {
        return Flux.create(sink -> new Follower(sink).begin(), FluxSink.OverflowStrategy.IGNORE);
    }

    /** A reader on this node. */
    private final class Follower implements Reader {

        private final FluxSink<byte[]> sink;
        private final AtomicInteger draining = new AtomicInteger();
        private volatile long at;

        Follower(FluxSink<byte[]> sink) {
            this.sink = sink;
        }

        void begin() {
            follow(this);
            var unused = sink.onDispose(() -> leave(this)).onRequest(n -> more());
        }

        @Override
        public long at() {
            return at;
        }

        @Override
        public boolean follows() {
            return true;
        }

        @Override
        public void more() {
            int missed = draining.incrementAndGet();
            if (missed > 1) {
                return;
            }
            while (missed != 0) {
                while (!sink.isCancelled() && step()) {}
                missed = draining.addAndGet(-missed);
            }
        }

        /** Whether there may be more to do. */
        private boolean step() {
            long from = at;
            Part part = read(from, AT_ONCE);
            if (part == null) {
                sink.error(ParleyException.of(
                        ErrorCode.UNAVAILABLE, "the stream was cut off, because it was read too slowly"));
            } else if (part.bytes.length > 0 && sink.requestedFromDownstream() > 0) {
                at = from + part.bytes.length;
                var unused = sink.next(part.bytes);
                return true;
            } else if (part.bytes.length == 0) {
                next(part.state);
            }
            return false;
        }

        private void next(State state) {
            if (state == State.WHOLE) {
                sink.complete();
            } else if (state == State.CUT) {
                sink.error(ParleyException.of(ErrorCode.UNAVAILABLE, "the stream was cut off by its source"));
            } else if (sink.requestedFromDownstream() > 0) {
                pull();
            }
        }
    }
}
