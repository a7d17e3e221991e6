package dev.parley.hub;

import java.time.Duration;

/**
 * @param linger how long a conversation is hosted after its last socket has left
 * @param checkInterval how often last positions are compared with the logs'
 * @param joinTimeout how long a join waits for Redis to acknowledge the subscription
 */
public record HubSettings(Duration linger, Duration checkInterval, Duration joinTimeout) {

    public static final HubSettings DEFAULT =
            new HubSettings(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(5));
}
