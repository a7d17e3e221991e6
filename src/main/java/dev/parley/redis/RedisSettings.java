package dev.parley.redis;

import java.time.Duration;

/**
 * How Redis is spoken to.
 *
 * @param clientName as {@code CLIENT LIST} shows it
 * @param connectTimeout of one attempt
 * @param commandTimeout of a command that does not block; one that blocks gets its BLOCK on top
 * @param block how long a blocking read waits
 * @param requestQueue commands under way at most, on each connection; more are refused
 */
public record RedisSettings(
        String clientName, Duration connectTimeout, Duration commandTimeout, Duration block, int requestQueue) {

    public static RedisSettings defaults(String clientName) {
        return new RedisSettings(
                clientName, Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(5), 10_000);
    }
}
