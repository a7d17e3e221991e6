package dev.parley.ratelimit;

/**
 * Whom something is counted for.
 *
 * @param tenant empty where tenants are not told apart
 * @param subject a user, agent, conversation or address; empty for all of the tenant
 */
record LimitKey(String tenant, String subject) {}
