package dev.parley.leaderboard;

/**
 * What an agent has done in some time.
 *
 * @param resolutions what it resolved
 * @param millis how long these took together; what failed is not in it
 * @param all what it resolved and what it failed at
 */
public record Figures(String agent, long resolutions, long millis, long all) {

    /** Of what it resolved, in milliseconds, rounded; 0 when that is nothing. */
    public long averageMillis() {
        return resolutions == 0 ? 0 : Math.round((double) millis / resolutions);
    }

    /** From 0 to 1. */
    public double successRate() {
        return all == 0 ? 0 : (double) resolutions / all;
    }

    /** Whether nothing that ranks tells it from another one. */
    boolean levelWith(Figures other) {
        return resolutions == other.resolutions && millis == other.millis;
    }
}
