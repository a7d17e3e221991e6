package dev.parley.redis;

import java.time.Duration;

/**
 * How Redis is spoken to.
 *
 * @param clientName as {@code CLIENT LIST} shows it
 * @param connectTimeout of one attempt
 * @param commandTimeout of a command that does not block; one that blocks gets its BLOCK on top
 * @param block how long a blocking read waits at most
 * @param requestQueue commands under way at most, on each connection; more are refused
 * @param probeInterval how often Pub/Sub is tried
 * @param silence how long a connection on which something is asked may stay silent, and a probe unheard
 */
public record RedisSettings(
        String clientName,
        Duration connectTimeout,
        Duration commandTimeout,
        Duration block,
        int requestQueue,
        Duration probeInterval,
        Duration silence) {

    public static RedisSettings defaults(String clientName) {
        return new RedisSettings(
                clientName,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                10_000,
                Duration.ofSeconds(1),
                Duration.ofSeconds(5));
    }
}
