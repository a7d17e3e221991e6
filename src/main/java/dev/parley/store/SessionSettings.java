package dev.parley.store;

import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** {@code parley.sessions}: how much of a session Redis keeps. */
public interface SessionSettings {

    @Doc(value = "agent that answers in a new conversation", bounds = "an id")
    @WithDefault("triage")
    String defaultAgent();

    @Doc("number of newest messages kept in Redis per session")
    @WithDefault("50")
    @Bounds(least = "1", most = "1000")
    int messages();

    @Doc("whether a person's first message creates the session of its conversation")
    @WithDefault("true")
    boolean autoCreate();

    @Doc(
            "maximum number of messages per session that are not yet in PostgreSQL; further messages are refused. Agents' answers have as"
                    + " much room again")
    @WithDefault("1000")
    @Bounds(least = "50", most = "100000")
    int unarchived();

    @Doc("maximum time that a session waits for PostgreSQL")
    @WithDefault("7d")
    @Bounds(least = "1h", most = "90d")
    Duration unarchivedTtl();
}
