/**
 * Rate limits. A {@link dev.parley.ratelimit.Limit} has a name and a rate. {@link dev.parley.ratelimit.Limits} counts for agents that ask,
 * an {@link dev.parley.ratelimit.EndpointLimiter} for the gateway itself. Both count in Redis, one script per request, and on this node
 * alone while Redis is unavailable.
 */
@NullMarked
package dev.parley.ratelimit;

import org.jspecify.annotations.NullMarked;
