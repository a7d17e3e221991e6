package dev.parley.auth;

/**
 * How a caller may reach one conversation.
 *
 * @param tenant the caller's; a new conversation becomes this tenant's
 * @param checked whether the conversation must belong to the tenant
 * @param mayBeNew whether one that does not exist yet may be read
 */
public record Access(String tenant, boolean checked, boolean mayBeNew) {}
