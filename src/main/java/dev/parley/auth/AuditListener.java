package dev.parley.auth;

import java.util.Map;

/** Is told what people and agents do, and what they were kept from. Thread-safe; returns at once and never fails. */
public interface AuditListener {

    /** Tells nobody. */
    AuditListener NONE = new AuditListener() {
        @Override
        public void acted(Principal who, String conversation, String action, Map<String, String> details, String id) {}

        @Override
        public void refused(Principal who, String conversation, String what) {}
    };

    /**
     * Somebody has done something.
     *
     * @param action such as {@code message.sent}
     * @param id of the deed: the same action told again with the same id is no second one
     */
    void acted(Principal who, String conversation, String action, Map<String, String> details, String id);

    /**
     * Somebody was told that a conversation does not exist.
     *
     * @param what they wanted to do, such as {@code send}
     */
    void refused(Principal who, String conversation, String what);
}
