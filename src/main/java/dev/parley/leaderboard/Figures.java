package dev.parley.leaderboard;

/**
 * An agent's figures for some time.
 *
 * @param resolutions number of resolved conversations
 * @param millis total time of these, without failures
 * @param all number of resolved and failed conversations
 */
public record Figures(String agent, long resolutions, long millis, long all) {

    /** Average time of resolved conversations, in milliseconds, rounded; 0 without any. */
    public long averageMillis() {
        return resolutions == 0 ? 0 : Math.round((double) millis / resolutions);
    }

    /** From 0 to 1. */
    public double successRate() {
        return all == 0 ? 0 : (double) resolutions / all;
    }

    /** Whether both have the same rank. */
    boolean levelWith(Figures other) {
        return resolutions == other.resolutions && millis == other.millis;
    }
}
