package dev.parley.bench.scenario;

import dev.parley.bench.result.Round;
import java.util.Locale;

/** Whether a run that had a rate kept it: a system that falls ever farther behind has another load than the one that was asked for. */
final class Pace {

    /** What is shorter shows that it runs; its rate is chance. */
    private static final double LONG_ENOUGH_S = 5;

    /** Farther than this from the rate that was asked for, the publisher made another load. */
    private static final double SENT_OFF = 0.03;

    /** Less than this share of what is due is too little. */
    private static final double KEPT_UP = 0.98;

    /** What is on its way when the time is over, after a pause for instance, is not what one is behind by. */
    private static final double EDGE_S = 0.2;

    private Pace() {}

    /** @param rate of the events, a second */
    static void sent(double rate, double seconds, long sent, Round round) {
        double reached = sent / (rate * seconds);
        if (seconds >= LONG_ENOUGH_S && (reached < 1 - SENT_OFF || reached > 1 + SENT_OFF)) {
            round.problem(String.format(
                    Locale.ROOT,
                    "%.0f events/s were sent instead of %.0f: the publisher fell behind or caught up",
                    sent / seconds,
                    rate));
        }
    }

    /**
     * Whether as much came as was due.
     *
     * @param what is counted, in the plural
     * @param rate at which something is due, a second: events, or calls
     * @param each how many come of one of them
     */
    static void came(String what, double rate, double each, double seconds, long came, Round round) {
        // At a low rate it is chance whether one more or one less falls into the time.
        double edge = Math.max(EDGE_S, 1 / rate);
        if (seconds >= LONG_ENOUGH_S && came < KEPT_UP * rate * each * (seconds - edge)) {
            round.problem(String.format(
                    Locale.ROOT,
                    "did not keep up: %.0f %s/s came, and %.0f were due",
                    came / seconds,
                    what,
                    rate * each));
        }
    }
}
