package dev.parley.store;

import dev.parley.event.Position;

/**
 * What there is to see of a conversation without reading it.
 *
 * @param last the log's last position, {@link Position#ZERO} where there is no log
 * @param runs whether runs may be in progress: {@link RedisEventStore#endLostRuns} knows
 */
public record LogHead(Position last, boolean runs) {}
