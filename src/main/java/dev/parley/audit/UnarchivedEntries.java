package dev.parley.audit;

import java.util.List;

/** The entries of a trail that are not archived yet, the oldest first. */
record UnarchivedEntries(Trail trail, List<AuditEntry> entries) {

    /** The number of the last one; 0 if there is none. */
    long last() {
        return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).seq();
    }
}
