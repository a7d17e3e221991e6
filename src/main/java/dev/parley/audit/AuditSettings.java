package dev.parley.audit;

import dev.parley.auth.AuthSettings;

/** The settings that the audit trail reads. */
public interface AuditSettings {

    /** This archiver's name among the nodes. */
    String node();

    AuthSettings auth();

    TrailSettings audit();
}
