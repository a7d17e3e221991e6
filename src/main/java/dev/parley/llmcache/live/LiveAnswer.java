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
 * An answer while it comes: its newest {@link #WINDOW} bytes, and who reads it. Nobody but whoever it was begun for follows it before
 * {@link #show}. Readers don't make each other wait: they all read the same bytes, each at its own pace, the fastest of them asks for more,
 * and one that is further behind than the window is cut off. Thread-safe.
 *
 * <p>It can be joined as long as it has its first byte, which takes memory: where that is used up, what all readers have is dropped, and
 * the window is {@link #NARROW}.
 */
public final class LiveAnswer {

    /** Bytes that are kept. A stream that has outgrown them can't be joined any more. */
    static final int WINDOW = 4 << 20;

    /** Bytes that are kept for who is behind where there is no memory. */
    static final int NARROW = 256 << 10;

    /** Bytes that who is behind gets at once. */
    private static final int AT_ONCE = 16 << 10;

    /** Of memory, beside a part's bytes. */
    private static final long EACH = 32;

    /** What has become of it. */
    enum State {
        HIDDEN,
        SHOWN,
        /** It has come to its end. */
        WHOLE,
        /** It will never. */
        CUT;

        boolean ended() {
            return this == WHOLE || this == CUT;
        }
    }

    /**
     * Some of it.
     *
     * @param last whether that is all there is now
     */
    record Part(byte[] bytes, boolean last, State state) {}

    /** One who reads it. */
    interface Reader {

        /** There is more, or it has ended: must be quick. */
        void more();

        /** The first byte that it may still ask for. */
        long at();

        /** Whether it counts as one for whom the answer is to go on. */
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
     * @param memory what it is counted to
     */
    LiveAnswer(boolean joinable, MemoryBudget memory) {
        this.joinable = joinable;
        this.memory = memory;
    }

    /**
     * Where the next bytes come from.
     *
     * @param more run when a reader has all there is and wants more
     * @param nobody run when the last reader has left
     */
    public void source(Runnable more, Runnable nobody) {
        pull = more;
        unread = nobody;
    }

    /** Adds the next bytes, which are not changed by anybody from here on: a whole event, or some. */
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
                // A quarter at a time: the list's rest moves up each time.
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

    /** From now on it may be followed. */
    public void show() {
        synchronized (this) {
            if (ended != null || isShown) {
                return;
            }
            isShown = true;
        }
        // Fails only when it ends at the same moment.
        Sinks.EmitResult unused = shown.tryEmitValue(this);
        tell();
    }

    /** It has come to its end; what was hidden until now remains so. */
    public void end() {
        boolean unused = end(State.WHOLE, false);
    }

    /** It won't come to its end, unless it has: who follows is told so behind what there is. */
    public void cut() {
        boolean unused = end(State.CUT, false);
    }

    /** The same, unless somebody follows or waits for it. Whether it has ended now. */
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
        // Does nothing where it was shown.
        Sinks.EmitResult unused = shown.tryEmitEmpty();
        tell();
        settle();
        return true;
    }

    /** Nobody finds it any more: its memory is given back with its last reader. */
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

    /** Emits it when it is shown; empty when it ends without, or can't be joined any more. */
    Mono<LiveAnswer> shown() {
        return shown.asMono().filter(LiveAnswer::begins);
    }

    private synchronized boolean begins() {
        return begin == 0 && joinable;
    }

    /** Whether anybody waits for it, or follows. */
    public boolean watched() {
        return shown.currentSubscriberCount() > 0 || readers.stream().anyMatch(Reader::follows);
    }

    /** Tells a reader whenever there is more; until it leaves. */
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

    /** A reader has all there is and wants more. */
    void pull() {
        pull.run();
    }

    /** As {@link #read}, for who may see only what is shown. */
    @Nullable
    Part readShown(long from, int most) {
        synchronized (this) {
            if (!isShown) {
                return new Part(new byte[0], true, ended == null ? State.HIDDEN : State.CUT);
            }
        }
        return read(from, most);
    }

    /** What there is from some byte on, at most that much or one part; null where that is not there any more, or no part begins. */
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
     * All of it from the beginning, as it comes; who is slow gets several events at once. Cold; emits on whichever thread adds or requests.
     * Fails with {@code unavailable} where the answer is cut off, or the subscriber is too slow for it.
     */
    public Flux<byte[]> events() {
        return Flux.create(sink -> new Follower(sink).begin(), FluxSink.OverflowStrategy.IGNORE);
    }

    /** One who reads on this node. */
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
                sink.error(ParleyException.of(ErrorCode.UNAVAILABLE, "the answer went on faster than it was read"));
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
                sink.error(ParleyException.of(ErrorCode.UNAVAILABLE, "the answer was cut off where it is computed"));
            } else if (sink.requestedFromDownstream() > 0) {
                pull();
            }
        }
    }
}
