package dev.parley.ingest;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How many durable streams this node should read: the sum of {@code 1 / readers} over its streams, rounded up. With the same streams on all
 * nodes that is {@code ceil(streams / nodes)}. Only counts; thread-safe.
 */
final class StreamQuota {

    /** Three thirds are one. */
    private static final double ROUNDING = 1e-6;

    private final Map<String, Integer> readers = new HashMap<>();
    /** Streams that this node reads or asks for, in the order of their coming. */
    private final Set<String> held = new LinkedHashSet<>();

    /** @param streams that this node may read; each counts as its own until {@link #update} says otherwise */
    StreamQuota(List<String> streams) {
        streams.forEach(stream -> readers.put(stream, 1));
    }

    /**
     * Sets how many nodes may read a stream.
     *
     * @param count this node included; 0 where it is not known
     */
    synchronized void update(String stream, int count) {
        if (count > 0) {
            readers.put(stream, count);
        }
    }

    /** Counts a stream as this node's if there is room for one more, until {@link #release}. Returns whether it counts now. */
    synchronized boolean reserve(String stream) {
        return held.contains(stream) || (held.size() < quota() && held.add(stream));
    }

    /** Counts a stream as this node's, whether there is room or not. Others are shed before it. */
    synchronized void hold(String stream) {
        held.remove(stream);
        held.add(stream);
    }

    synchronized void release(String stream) {
        held.remove(stream);
    }

    /**
     * Whether this node reads more streams than its quota, and other nodes may read this one; if so it does not count any more. The newest
     * one is not shed, since no other node may have read it for long.
     */
    synchronized boolean shed(String stream) {
        return readers.getOrDefault(stream, 1) > 1
                && held.size() > quota()
                && !stream.equals(newest())
                && held.remove(stream);
    }

    private @Nullable String newest() {
        String newest = null;
        for (String stream : held) {
            newest = stream;
        }
        return newest;
    }

    private int quota() {
        double sum = 0;
        for (int count : readers.values()) {
            sum += 1.0 / count;
        }
        return (int) Math.ceil(sum - ROUNDING);
    }
}
