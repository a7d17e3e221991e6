package dev.parley.auth;

import java.util.Map;

/** Receives actions of people and agents, and denied requests. Thread-safe; returns immediately and never fails. */
public interface AuditListener {

    /** Ignores everything. */
    AuditListener NONE = new AuditListener() {
        @Override
        public void acted(Principal who, String conversation, String action, Map<String, String> details, String id) {}

        @Override
        public void refused(Principal who, String conversation, String what) {}
    };

    /**
     * A principal has acted.
     *
     * @param action such as {@code message.sent}
     * @param id of the action: a repeated one with the same id is recorded once
     */
    void acted(Principal who, String conversation, String action, Map<String, String> details, String id);

    /**
     * A principal was denied a conversation.
     *
     * @param what the request, such as {@code send}
     */
    void refused(Principal who, String conversation, String what);
}
