package dev.parley.ingest;

import java.time.Duration;

/**
 * @param batch entries read at once
 * @param block how long a wait for new entries lasts before it is begun again
 * @param lease how long a reader that says nothing keeps its stream; another takes over then
 * @param maxDeliveries how often an entry that Redis refuses is tried before it goes to the dead letters
 * @param maxDeadLetters newest dead letters kept a stream
 */
public record StreamSettings(int batch, Duration block, Duration lease, int maxDeliveries, long maxDeadLetters) {

    public static final StreamSettings DEFAULT =
            new StreamSettings(500, Duration.ofSeconds(5), Duration.ofSeconds(5), 5, 10_000);
}
