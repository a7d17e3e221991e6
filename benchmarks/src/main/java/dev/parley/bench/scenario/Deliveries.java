package dev.parley.bench.scenario;

import dev.parley.bench.client.Fleet;
import dev.parley.bench.load.Publisher;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;

/**
 * The ledger of a run's end: what of all that was sent has come to the sockets, and how.
 *
 * @param gaps how often a server said that something is missing: the snapshot after that has it, and no event
 * @param closed sockets that no longer follow, whoever has ended them and however
 */
record Deliveries(
        long sent, long delivered, long lost, long repeated, long reordered, long gaps, long refused, long closed) {

    /**
     * Counts them. Blocks.
     *
     * @param sockets that were opened, or have come back
     */
    static Deliveries of(Fleet fleet, Publisher publisher, int sockets) {
        return new Deliveries(
                publisher.sent(),
                fleet.delivered(),
                fleet.missing(),
                fleet.repeated(),
                fleet.reordered(),
                fleet.gaps(),
                publisher.refused(),
                sockets - fleet.following());
    }

    /** What was lost, came twice or in the wrong order. A durable event that is lost, or is only in a snapshot, makes the run a failure. */
    void report(Round round, Via via) {
        round.put("sent", sent);
        round.put("delivered", delivered);
        round.put("lost", lost);
        round.put("repeated", repeated);
        round.put("reordered", reordered);
        round.put("gaps", gaps);
        round.put("refused", refused);
        round.put("sockets_closed", closed);
        if (via != Via.PUBSUB && lost > 0) {
            round.problem("FAILED: " + lost + " durable deliveries were lost");
        }
        if (via != Via.PUBSUB && gaps > 0) {
            round.problem("FAILED: sockets were told of a gap " + gaps + " times, though events were durable");
        }
        if (repeated + reordered > 0) {
            round.problem("FAILED: " + repeated + " events came twice, " + reordered + " in the wrong order");
        }
        if (closed > 0) {
            round.problem(closed + " sockets were closed");
        }
    }
}
