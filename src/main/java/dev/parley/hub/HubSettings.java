package dev.parley.hub;

import dev.parley.redis.RedisSettings;
import dev.parley.store.RunSettings;

/**
 * The settings that the hub reads. A join waits {@code redis().commandTimeout()} for Redis to acknowledge the subscription. An ephemeral
 * run that declares no lease is lost after {@code runs().silence()}.
 */
public interface HubSettings {

    HostingSettings hub();

    RunSettings runs();

    RedisSettings redis();
}
