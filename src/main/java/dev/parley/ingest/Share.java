package dev.parley.ingest;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How many durable streams this node should read: of each stream one part in as many as there are nodes that would read it, rounded up
 * over all. With the same streams on all nodes that is {@code ceil(streams / nodes)}. Thread-safe; nothing is done here but counting.
 */
final class Share {

    /** Three thirds are one. */
    private static final double ROUNDING = 1e-6;

    private final Map<String, Integer> nodes = new HashMap<>();
    private final Set<String> held = new HashSet<>();

    /** @param streams that this node would read, each alone until it hears of others */
    Share(List<String> streams) {
        streams.forEach(stream -> nodes.put(stream, 1));
    }

    /** So many nodes would read a stream. */
    synchronized void heard(String stream, int readers) {
        if (readers > 0) {
            nodes.put(stream, readers);
        }
    }

    /** Whether there is room for one more; if so it is this stream's, until {@link #free}. */
    synchronized boolean reserve(String stream) {
        return held.contains(stream) || (held.size() < share() && held.add(stream));
    }

    /** This stream is read here, room or not. */
    synchronized void hold(String stream) {
        held.add(stream);
    }

    synchronized void free(String stream) {
        held.remove(stream);
    }

    /** Whether this node reads too many, and this is one that another node would read; if so it does not count any more. */
    synchronized boolean giveUp(String stream) {
        return nodes.getOrDefault(stream, 1) > 1 && held.size() > share() && held.remove(stream);
    }

    private int share() {
        double sum = 0;
        for (int readers : nodes.values()) {
            sum += 1.0 / readers;
        }
        return (int) Math.ceil(sum - ROUNDING);
    }
}
