package dev.parley.store;

import dev.parley.event.Position;

/**
 * A summary of a conversation's log.
 *
 * @param last the log's last position, {@link Position#ZERO} without a log
 * @param runs whether runs may be in progress: {@link RedisEventStore#endLostRuns} decides
 */
public record LogHead(Position last, boolean runs) {}
