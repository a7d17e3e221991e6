package dev.parley.ratelimit;

import dev.parley.error.ParleyException;
import java.util.List;

/**
 * The outcome of a request, and the state of its limit after it.
 *
 * @param allowed whether the cost was taken
 * @param remaining what may be taken now
 * @param resetMs time until the whole burst is available, if nothing more is taken
 * @param retryMs time until a rejected cost would be taken; 0 if it was taken
 */
public record LimitDecision(Limit limit, boolean allowed, long remaining, long resetMs, long retryMs) {

    /** Tolerance, because levels are sums of fractions. */
    private static final double ROUNDING = 1e-6;

    /**
     * @param level the used part of the burst
     * @param cost the requested cost
     */
    static LimitDecision of(Limit limit, boolean allowed, double level, long cost) {
        double over = level + cost - limit.burst();
        return new LimitDecision(
                limit,
                allowed,
                Math.max(0, (long) Math.floor(limit.burst() - level + ROUNDING)),
                millis(limit, level),
                allowed ? 0 : Math.max(1, millis(limit, over)));
    }

    private static long millis(Limit limit, double level) {
        return (long) Math.ceil(Math.max(0, level - ROUNDING) / limit.perMilli());
    }

    /** Names and values in turn, in the form of draft-ietf-httpapi-ratelimit-headers-10: the policy in whole seconds. */
    public List<String> headers() {
        String name = "\"" + limit.name() + "\"";
        return List.of(
                "RateLimit-Policy",
                name + ";q=" + limit.events() + ";w=" + seconds(limit.period().toMillis()),
                "RateLimit",
                name + ";r=" + remaining + ";t=" + seconds(resetMs));
    }

    private static long seconds(long millis) {
        return (millis + 999) / 1000;
    }

    /** Throws a {@link ParleyException} with {@code rate_limited} if the cost was not taken. */
    LimitDecision orRefused() {
        if (!allowed) {
            throw ParleyException.rateLimited(
                    "too much for the limit " + limit.name() + ": try again in " + retryMs + " ms",
                    (int) Math.min(retryMs, Integer.MAX_VALUE),
                    headers());
        }
        return this;
    }
}
