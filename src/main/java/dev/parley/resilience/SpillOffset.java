package dev.parley.resilience;

/**
 * An event's place in a spill file. A log remembers the last place that it took, however long ago, so an event that is read again adds
 * nothing.
 *
 * @param queue names the events that were written together
 * @param number grows in the order in which the events were accepted
 */
public record SpillOffset(String queue, long number) {

    /** The name of the source in the events' logs; it is not a stream's name. */
    public String source() {
        return "spill:" + queue;
    }

    /** The id of the event in that source. */
    public String sourceId() {
        return "0-" + number;
    }
}
