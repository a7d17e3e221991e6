/**
 * What stands between the gateway and a Redis that is away: {@link dev.parley.outage.RedisGates} let no call through to a master that is,
 * {@link dev.parley.outage.OutageQueue} keeps events meanwhile, in order and within bounds, and
 * {@link dev.parley.outage.SpillFile} carries what is left of them over a restart of the gateway.
 */
@NullMarked
package dev.parley.outage;

import org.jspecify.annotations.NullMarked;
