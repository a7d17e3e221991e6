/**
 * What the gateway does while Redis is unavailable: {@link dev.parley.resilience.RedisCircuitBreakers} refuse calls to a master that does
 * not answer, {@link dev.parley.resilience.OutageQueue} keeps events meanwhile, in order and within bounds, and
 * {@link dev.parley.resilience.SpillFile} carries what is left of them over a restart of the gateway.
 */
@NullMarked
package dev.parley.resilience;

import org.jspecify.annotations.NullMarked;
