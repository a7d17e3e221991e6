package dev.parley.llmcache.semantic;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** The partitions that this node has read lately, bounded in bytes; those not asked for the longest go first. Thread-safe. */
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

    /** Remembers it, unless what is known came later. Returns it in any case: it is what was asked for. */
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
