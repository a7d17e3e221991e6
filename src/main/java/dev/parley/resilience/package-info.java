/**
 * What the gateway does while Redis is unavailable. {@link dev.parley.resilience.RedisCircuitBreakers} refuse calls to a master that does
 * not answer. {@link dev.parley.resilience.OutageQueue} keeps events in order and within bounds, and
 * {@link dev.parley.resilience.SpillFile} carries the rest over a restart. The package does not repeat what has failed: its callers do.
 */
@NullMarked
package dev.parley.resilience;

import org.jspecify.annotations.NullMarked;
