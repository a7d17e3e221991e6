package dev.parley.log;

import java.time.Duration;

/**
 * How much of a conversation Redis keeps, and how much of it is replayed.
 *
 * @param maxEvents newest entries kept, at least
 * @param maxBytes their events' bytes together, at most
 * @param ttl how long a conversation without any event is kept
 * @param seen event ids remembered
 * @param maxRunText longest text kept of a run in progress, in bytes
 * @param resumeEvents most missed events that are replayed; past them a snapshot is sent
 * @param resumeBytes the same in bytes
 * @param pageBytes of missed events that are read at once, about
 * @param defaultTenant whose a conversation is that only agents wrote to
 * @param silence after which a run that declares no lease is taken for lost
 * @param sessions what is kept of the conversation's session
 */
public record LogSettings(
        int maxEvents,
        long maxBytes,
        Duration ttl,
        int seen,
        long maxRunText,
        int resumeEvents,
        long resumeBytes,
        long pageBytes,
        String defaultTenant,
        Duration silence,
        SessionSettings sessions) {

    public static final LogSettings DEFAULT = new LogSettings(
            1_000,
            4L << 20,
            Duration.ofHours(2),
            2_000,
            1L << 20,
            1_000,
            1L << 20,
            256L << 10,
            "default",
            Duration.ofMinutes(5),
            SessionSettings.DEFAULT);
}
