package dev.parley.llmcache.semantic;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Copies of recently read partitions, bounded in bytes; the least recently used are dropped first. Thread-safe. */
final class Copies {

    private static final int FIRST_CAPACITY = 16;
    private static final float LOAD = 0.75f;

    private final long most;
    private final Map<String, Copy> copies = new LinkedHashMap<>(FIRST_CAPACITY, LOAD, true);
    private long bytes;

    Copies(long most) {
        this.most = most;
    }

    /** What is known of a partition, {@link Copy#NOTHING} perhaps. */
    Copy of(String digest) {
        synchronized (copies) {
            return copies.getOrDefault(digest, Copy.NOTHING);
        }
    }

    /** Stores a copy, unless there is a newer one. Returns the given copy in any case. */
    Copy keep(String digest, Copy copy) {
        synchronized (copies) {
            Copy known = copies.getOrDefault(digest, Copy.NOTHING);
            boolean older = known.born().equals(copy.born())
                    && known.removals().equals(copy.removals())
                    && known.number() > copy.number();
            if (!older) {
                copies.put(digest, copy);
                bytes += copy.bytes() - known.bytes();
                trim();
            }
        }
        return copy;
    }

    private void trim() {
        Iterator<Copy> oldest = copies.values().iterator();
        while (bytes > most && oldest.hasNext()) {
            bytes -= oldest.next().bytes();
            oldest.remove();
        }
    }

    /** Of all that is kept. */
    long bytes() {
        synchronized (copies) {
            return bytes;
        }
    }
}
