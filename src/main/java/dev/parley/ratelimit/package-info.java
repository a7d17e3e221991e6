/**
 * How often something may be done. A {@link dev.parley.ratelimit.Limit} has a name and a rate; {@link dev.parley.ratelimit.Limits} counts
 * for agents that ask, a {@link dev.parley.ratelimit.Turnstile} for the gateway itself. Both count in Redis, one script a time, and on
 * this node alone while Redis is away.
 */
@NullMarked
package dev.parley.ratelimit;

import org.jspecify.annotations.NullMarked;
