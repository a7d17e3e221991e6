package dev.parley.ingest;

import java.util.List;

/** How many entries to ask for: about 4 MiB of them, estimated from the last read. Not thread-safe. */
final class ReadLimit {

    private static final long READ_BYTES = 4 << 20;
    private static final int MIN_ENTRIES = 100;

    private final int most;
    private long entries = MIN_ENTRIES;

    /** @param most entries to ask for at most */
    ReadLimit(int most) {
        this.most = most;
    }

    int entries() {
        return (int) Math.min(entries, most);
    }

    /** These entries were read. */
    void observe(List<StreamEntry> read) {
        if (!read.isEmpty()) {
            long bytes = read.stream().mapToLong(StreamEntry::bytes).sum();
            entries = Math.max(MIN_ENTRIES, read.size() * READ_BYTES / Math.max(1, bytes));
        }
    }
}
