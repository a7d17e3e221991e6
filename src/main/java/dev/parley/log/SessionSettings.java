package dev.parley.log;

import java.time.Duration;

/**
 * How much of a session Redis keeps.
 *
 * @param messages newest ones kept, at least
 * @param defaultAgent who is spoken to first
 * @param autoCreate whether a person's first message makes the session of its conversation
 * @param archived whether there is a record that keeps everything: then nothing is dropped here before it is there
 * @param unarchived messages at most that the record has not got yet; past them more are refused
 * @param unarchivedTtl how long a session is kept that the record has not got yet
 */
public record SessionSettings(
        int messages,
        String defaultAgent,
        boolean autoCreate,
        boolean archived,
        int unarchived,
        Duration unarchivedTtl) {

    public static final SessionSettings DEFAULT =
            new SessionSettings(50, "triage", true, false, 1_000, Duration.ofDays(7));
}
