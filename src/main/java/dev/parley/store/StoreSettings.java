package dev.parley.store;

import dev.parley.auth.AuthSettings;
import dev.parley.postgres.PostgresSettings;

/** The settings that decide what Redis keeps of conversations and their sessions. */
public interface StoreSettings {

    AuthSettings auth();

    PostgresSettings postgres();

    LogSettings log();

    RunSettings runs();

    ResumeSettings resume();

    SessionSettings sessions();
}
