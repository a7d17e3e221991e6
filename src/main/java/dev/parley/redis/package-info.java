/**
 * Redis as Parley uses it: its topology ({@link dev.parley.redis.RedisTopology}), the connections to it ({@link dev.parley.redis.Redis},
 * {@link dev.parley.redis.PubSub}), the test that they still work ({@link dev.parley.redis.Probes}), its keys ({@link
 * dev.parley.redis.Keys}) and its scripts ({@link dev.parley.redis.Script}). Only {@link dev.parley.redis.EmbeddedRedis} blocks; it is for
 * main and tests.
 */
@NullMarked
package dev.parley.redis;

import org.jspecify.annotations.NullMarked;
