package dev.parley.ingest;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of a reader's step.
 *
 * @param entries read, and to be appended in the next step
 * @param end after the last of them
 * @param appended after the last entry that the step has appended; null when it has appended none
 */
record EntryBatch(
        List<StreamEntry> entries,
        StreamOffset end,
        @Nullable StreamOffset appended) {

    static final EntryBatch NONE = new EntryBatch(List.of(), StreamOffset.BEGINNING, null);

    /** The same batch, read while the one before it was appended up to {@code previous}. */
    EntryBatch after(StreamOffset previous) {
        return new EntryBatch(entries, end, previous);
    }
}
