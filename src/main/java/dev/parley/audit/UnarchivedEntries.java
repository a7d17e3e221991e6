package dev.parley.audit;

import java.util.List;

/** What the archive has not got of a trail, the oldest first. */
record UnarchivedEntries(Trail trail, List<AuditEntry> entries) {

    /** The number of the last one; 0 where there is none. */
    long last() {
        return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).seq();
    }
}
