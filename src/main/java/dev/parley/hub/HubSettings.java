package dev.parley.hub;

import java.time.Duration;

/**
 * @param linger how long a conversation is hosted after its last socket has left
 * @param checkInterval how often last positions are compared with the logs'
 * @param silence after which an ephemeral run that declares no lease is taken for lost
 * @param joinTimeout how long a join waits for Redis to acknowledge the subscription
 */
public record HubSettings(Duration linger, Duration checkInterval, Duration silence, Duration joinTimeout) {}
