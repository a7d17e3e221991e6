package dev.parley.bench.result;

/** Which way a figure should go. */
public enum Better {
    LOWER,
    HIGHER,
    /** It describes a run and does not judge it. */
    NEITHER;

    /**
     * Which way this figure should go. Figures of the client say how it was measured, so they judge nothing.
     *
     * @param paced whether the load had a rate; without one, a system that delivers more also uses more, and only what it uses for a
     *     delivery can be judged
     */
    public static Better of(String figure, boolean paced) {
        if (figure.startsWith("client_")) {
            return NEITHER;
        }
        if (figure.endsWith("per_gateway_cpu_s")
                || figure.equals("delivered_percent")
                || figure.equals("hit_percent")) {
            return HIGHER;
        }
        if (figure.startsWith("idle_")) {
            return LOWER;
        }
        if (figure.endsWith("_cores") || figure.contains("switches") || figure.startsWith("gc_pause")) {
            return paced || figure.equals("gc_pause_max_ms") ? LOWER : NEITHER;
        }
        if (figure.startsWith("latency")
                || figure.startsWith("replay_")
                || figure.startsWith("first_")
                || figure.startsWith("second_")
                || figure.contains("cpu")
                || figure.contains("rss")
                || isLoss(figure)
                || figure.startsWith("join_")
                || figure.startsWith("snapshot_")
                || figure.startsWith("shown_")
                || figure.startsWith("returning_")
                || figure.startsWith("before_")
                || figure.startsWith("append_")
                || figure.startsWith("get_")
                || figure.startsWith("overhead_")
                || figure.startsWith("hit_p")
                || figure.endsWith("_redis_bytes")
                || figure.equals("ready_s")) {
            return LOWER;
        }
        return figure.endsWith("per_s") ? HIGHER : NEITHER;
    }

    private static boolean isLoss(String figure) {
        return switch (figure) {
            case "lost",
                    "unanswered",
                    "repeated",
                    "reordered",
                    "gaps",
                    "refused",
                    "wrong",
                    "missed",
                    "log_lost",
                    "log_repeated",
                    "log_reordered",
                    "sockets_closed",
                    "not_caught_up",
                    "targets_missed" -> true;
            default -> false;
        };
    }
}
