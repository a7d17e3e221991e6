package dev.parley.ratelimit;

import dev.parley.error.ParleyException;
import java.util.List;

/**
 * How it stands with a limit after something was to be taken.
 *
 * @param allowed whether it was taken
 * @param remaining what may be taken at once now
 * @param resetMs when all of the burst is there again, if nothing more is taken
 * @param retryMs when what was refused would be taken; 0 if it was
 */
public record LimitDecision(Limit limit, boolean allowed, long remaining, long resetMs, long retryMs) {

    /** Levels are added up from fractions. */
    private static final double ROUNDING = 1e-6;

    /**
     * @param level what is used up of the burst
     * @param cost what was to be taken
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

    /** Names and values in turn, as draft-ietf-httpapi-ratelimit-headers-10 has them: the policy in whole seconds. */
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

    /** Throws a {@link ParleyException} with {@code rate_limited} when it was not taken. */
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
