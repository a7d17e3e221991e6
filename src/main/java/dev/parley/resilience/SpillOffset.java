package dev.parley.resilience;

/**
 * An event's place among those that were written down together. Logs remember the last one that they took, however long ago: read again,
 * it adds nothing.
 *
 * @param queue names those that were written down together
 * @param number grows in the order in which they were accepted
 */
public record SpillOffset(String queue, long number) {

    /** The source that their logs know it from, which is no stream. */
    public String source() {
        return "spill:" + queue;
    }

    /** Where that source has it. */
    public String sourceId() {
        return "0-" + number;
    }
}
