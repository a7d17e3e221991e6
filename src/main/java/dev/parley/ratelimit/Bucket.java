package dev.parley.ratelimit;

/** In memory, the same bucket as in bucket.lua. Times are in milliseconds. Not thread-safe. */
final class Bucket {

    private static final double ROUNDING = 1e-6;

    private double level;
    private double at;
    private double since;

    /** The used part of the burst. */
    double level() {
        return level;
    }

    void drain(Limit limit, double now) {
        level = Math.max(0, level - Math.max(0, now - at) * limit.perMilli());
        at = now;
        if (level == 0) {
            since = now;
        }
    }

    boolean take(Limit limit, long cost) {
        if (level + cost > limit.burst() + ROUNDING) {
            return false;
        }
        level += cost;
        return true;
    }

    /** Corrects an amount taken earlier: returns what has not drained since, or takes more. */
    void correct(long more, double taken) {
        if (more > 0 || taken >= since) {
            level = Math.max(0, level + more);
        }
    }
}
