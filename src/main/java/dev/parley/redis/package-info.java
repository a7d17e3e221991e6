/**
 * Redis as Parley uses it: where it is ({@link dev.parley.redis.RedisTopology}), the connections to it
 * ({@link dev.parley.redis.Redis}, {@link dev.parley.redis.PubSub}), the proof that these still work ({@link dev.parley.redis.Probes}), its keys
 * ({@link dev.parley.redis.Keys}) and its scripts ({@link dev.parley.redis.Script}). Nothing here blocks but {@link dev.parley.redis.EmbeddedRedis}, which is for main and tests.
 */
@NullMarked
package dev.parley.redis;

import org.jspecify.annotations.NullMarked;
