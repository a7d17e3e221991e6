package dev.parley.ingest;

/**
 * A place in a durable stream: after an entry.
 *
 * @param id the entry's id; {@code 0-0} for the beginning
 * @param count entries ever added up to there, whether or not they are still in the stream; {@link #UNKNOWN} where it is not known
 */
record StreamOffset(String id, long count) {

    static final long UNKNOWN = -1;

    static final StreamOffset BEGINNING = new StreamOffset("0-0", UNKNOWN);

    boolean counted() {
        return count >= 0;
    }

    /** The same place with a higher count; an unknown count remains unknown. */
    StreamOffset plus(long more) {
        return counted() ? new StreamOffset(id, count + more) : this;
    }
}
