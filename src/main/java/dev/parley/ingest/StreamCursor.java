package dev.parley.ingest;

import java.util.List;

/**
 * How far the holder of a lease has read a stream and appended its entries, and the proof of continuity: a read begins with the entry that
 * was read last. While that entry is in the stream, the entries after it are complete. If it is not, the counts that Redis keeps say how many
 * unread entries were removed.
 *
 * <p>Used by one step at a time; not thread-safe.
 */
final class StreamCursor {

    private final long generation;
    /** After the last entry that was read. Reported losses are not counted here but in {@link #lost}. */
    private StreamOffset read;
    /** After the last entry that is in the log, as far as Redis was told. */
    private StreamOffset appended;

    private long lost;

    /**
     * @param start after the last entry that is in the log
     * @param generation how often the stream was deleted and recreated
     */
    StreamCursor(StreamOffset start, long generation) {
        this.generation = generation;
        this.read = start;
        this.appended = start;
    }

    /** Id of the entry that was read last. */
    String id() {
        return read.id();
    }

    long generation() {
        return generation;
    }

    /** The name under which the logs know the stream: a recreated stream may have lower ids than the one before. */
    String sourceName(String stream) {
        return generation == 0 ? stream : stream + "@" + generation;
    }

    /** Every entry up to there is in the log. */
    void appendedUpTo(StreamOffset end) {
        appended = end;
    }

    /** After the last entry that is in the log; its count includes the entries that were lost before it. */
    StreamOffset progress() {
        return appended.plus(lost);
    }

    /**
     * Redis has counted the entries that were ever added up to the last one in the log. Ignored while a later entry was read: its count
     * depends on the earlier one.
     *
     * @param added {@link StreamOffset#UNKNOWN} for no news
     */
    void counted(long added) {
        if (added >= 0 && appended.id().equals(read.id())) {
            appended = new StreamOffset(appended.id(), added - lost);
            read = appended;
        }
    }

    /** Whether a read from {@link #id} has found that entry, so that the entries after it are complete. */
    boolean continues(List<StreamEntry> found) {
        return !found.isEmpty() && found.get(0).id().equals(read.id());
    }

    /**
     * Counts unread entries that were removed. Without a known count it learns the count instead: what was removed until now can't be told
     * from what was read.
     *
     * @param found entries after the cursor; the first of them may have been removed since
     * @return 0 when none was lost, or when the server does not count
     */
    long missing(List<StreamEntry> found, TrimCheck check) {
        if (!check.pastReader() || check.removed() < 0) {
            return 0;
        }
        long remaining = found.stream()
                .dropWhile(entry -> !entry.id().equals(check.first()))
                .count();
        long removedBefore = check.removed() - (found.size() - remaining);
        if (!read.counted()) {
            read = new StreamOffset(read.id(), removedBefore - lost);
            return 0;
        }
        return Math.max(0, removedBefore - read.count() - lost);
    }

    /** So many entries after the one read last are lost, and that is stored. */
    void reportedLost(long count) {
        lost += count;
    }

    /** These entries were read. */
    StreamOffset advance(List<StreamEntry> entries) {
        if (!entries.isEmpty()) {
            String last = entries.get(entries.size() - 1).id();
            read = new StreamOffset(last, read.plus(entries.size()).count());
        }
        return read;
    }
}
