/**
 * How often something may be done. {@link dev.parley.ratelimit.Limits} counts for agents that ask, an
 * {@link dev.parley.ratelimit.EndpointLimiter} for the endpoints of the gateway. Both count in Redis, by one script per decision, and on
 * this node alone while Redis is unavailable. The package does not queue: it permits or rejects.
 */
@NullMarked
package dev.parley.ratelimit;

import org.jspecify.annotations.NullMarked;
