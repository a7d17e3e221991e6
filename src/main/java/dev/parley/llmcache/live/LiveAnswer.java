package dev.parley.llmcache.live;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
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
 * An answer while it comes: its newest {@link #WINDOW} bytes, and who follows it. Hidden until {@link #show}. Nobody who follows makes
 * anybody wait: they all read the same bytes, each at its own pace, and who is further behind than the window is cut off. Thread-safe.
 */
public final class LiveAnswer {

    /** Bytes that are kept. A stream that has outgrown them can't be joined any more. */
    static final int WINDOW = 4 << 20;

    /** Bytes that who is behind gets at once. */
    private static final int AT_ONCE = 16 << 10;

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

    private final List<byte[]> parts = new ArrayList<>();
    private final Set<Runnable> followers = ConcurrentHashMap.newKeySet();
    private final Sinks.One<LiveAnswer> shown = Sinks.one();
    private long begin;
    private long end;
    private State state = State.HIDDEN;

    LiveAnswer() {}

    /** Adds the next bytes, which are not changed by anybody from here on: a whole event, or some. */
    public void add(byte[] part) {
        synchronized (this) {
            if (state.ended()) {
                return;
            }
            parts.add(part);
            end += part.length;
            if (end - begin > WINDOW) {
                dropOldest();
            }
        }
        tell();
    }

    /** A quarter at a time: the list's rest moves up each time. */
    private void dropOldest() {
        int count = 0;
        long kept = end - begin;
        while (kept > WINDOW / 4 * 3 && count < parts.size() - 1) {
            kept -= parts.get(count++).length;
        }
        parts.subList(0, count).clear();
        begin = end - kept;
    }

    /** From now on it may be followed. */
    public void show() {
        if (become(State.SHOWN)) {
            // Fails only when it ends at the same moment.
            Sinks.EmitResult unused = shown.tryEmitValue(this);
            tell();
        }
    }

    /** It has come to its end; what was hidden until now remains so. */
    public void end() {
        end(State.WHOLE);
    }

    /** It won't come to its end, unless it has: who follows is told so behind what there is. */
    public void cut() {
        end(State.CUT);
    }

    private void end(State how) {
        if (become(how)) {
            // Does nothing where it was shown.
            Sinks.EmitResult unused = shown.tryEmitEmpty();
            tell();
        }
    }

    private synchronized boolean become(State next) {
        if (state.ended() || state == next) {
            return false;
        }
        if (state == State.HIDDEN && next.ended()) {
            parts.clear();
            begin = 0;
            end = 0;
            state = State.CUT;
        } else {
            state = next;
        }
        return true;
    }

    private void tell() {
        followers.forEach(Runnable::run);
    }

    /** Emits it when it is shown; empty when it ends without, or can't be joined any more. */
    Mono<LiveAnswer> shown() {
        return shown.asMono().filter(LiveAnswer::begins);
    }

    private synchronized boolean begins() {
        return begin == 0;
    }

    /** Whether anybody waits for it, or follows. */
    boolean watched() {
        return shown.currentSubscriberCount() > 0 || !followers.isEmpty();
    }

    /** Runs something, which must be quick, whenever there is more; until it is removed. */
    void follow(Runnable follower) {
        followers.add(follower);
    }

    void leave(Runnable follower) {
        followers.remove(follower);
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

    /** One who reads. */
    private final class Follower {

        private final FluxSink<byte[]> sink;
        private final Runnable more = this::drain;
        private final AtomicInteger draining = new AtomicInteger();
        private long at;

        Follower(FluxSink<byte[]> sink) {
            this.sink = sink;
        }

        void begin() {
            follow(more);
            var unused = sink.onDispose(() -> leave(more)).onRequest(n -> drain());
        }

        private void drain() {
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
            Part part = read(at, AT_ONCE);
            if (part == null) {
                sink.error(Refusal.of(ErrorCode.UNAVAILABLE, "the answer went on faster than it was read"));
            } else if (part.bytes.length > 0 && sink.requestedFromDownstream() > 0) {
                at += part.bytes.length;
                var unused = sink.next(part.bytes);
                return true;
            } else if (part.bytes.length == 0 && part.state == State.WHOLE) {
                sink.complete();
            } else if (part.bytes.length == 0 && part.state == State.CUT) {
                sink.error(Refusal.of(ErrorCode.UNAVAILABLE, "the answer was cut off where it is computed"));
            }
            return false;
        }
    }
}
