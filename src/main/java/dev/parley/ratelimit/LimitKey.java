package dev.parley.ratelimit;

/**
 * The one that is counted.
 *
 * @param tenant empty if the limit is not per tenant
 * @param subject a user, agent, conversation or address; empty for the whole tenant
 */
record LimitKey(String tenant, String subject) {}
