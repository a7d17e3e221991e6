/**
 * Redis as Parley uses it. {@link dev.parley.redis.Redis} and {@link dev.parley.redis.PubSub} are the connections,
 * {@link dev.parley.redis.Probes} prove that these still work, {@link dev.parley.redis.Keys} and {@link dev.parley.redis.Script} are what
 * is sent on them. {@link dev.parley.redis.EmbeddedRedis} is the server of the demo and of tests; it alone blocks. The package does not
 * know what is stored.
 */
@NullMarked
package dev.parley.redis;

import org.jspecify.annotations.NullMarked;
