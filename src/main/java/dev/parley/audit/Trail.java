package dev.parley.audit;

import dev.parley.redis.Keys;

/**
 * Whose doings are told, in one chain.
 *
 * @param kind {@code conv} or {@code tenant}
 * @param of the conversation's or the tenant's id
 */
record Trail(String kind, String of) {

    private static final String CONVERSATION = "conv";
    private static final String TENANT = "tenant";

    public static Trail ofConversation(String conversation) {
        return new Trail(CONVERSATION, conversation);
    }

    /** For what a tenant did that belongs into no conversation of its own. */
    public static Trail ofTenant(String tenant) {
        return new Trail(TENANT, tenant);
    }

    /** Reads {@link #name()}. */
    static Trail parse(String name) {
        int colon = name.indexOf(':');
        return new Trail(name.substring(0, colon), name.substring(colon + 1));
    }

    /** Reads the key of a head, without its prefix. */
    static Trail parseKey(String key) {
        return parse(key.replace("{", "").replace("}", ""));
    }

    String name() {
        return kind + ":" + of;
    }

    boolean ofConversation() {
        return kind.equals(CONVERSATION);
    }

    String head(Keys keys) {
        return keys.auditHead(kind, of);
    }

    String stream(Keys keys) {
        return keys.audit(kind, of);
    }

    String seen(Keys keys) {
        return keys.auditSeen(kind, of);
    }
}
