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
 * @param messages newest messages kept
 * @param resumeEvents most missed events that are replayed; past them a snapshot is sent
 * @param resumeBytes the same in bytes
 * @param pageBytes of missed events that are read at once, about
 * @param defaultAgent who is spoken to first
 * @param defaultTenant whose a conversation is that only agents wrote to
 * @param silence after which a run that declares no lease is taken for lost
 */
public record LogSettings(
        int maxEvents,
        long maxBytes,
        Duration ttl,
        int seen,
        long maxRunText,
        int messages,
        int resumeEvents,
        long resumeBytes,
        long pageBytes,
        String defaultAgent,
        String defaultTenant,
        Duration silence) {

    public static final LogSettings DEFAULT = new LogSettings(
            1_000,
            4L << 20,
            Duration.ofHours(2),
            2_000,
            1L << 20,
            50,
            1_000,
            1L << 20,
            256L << 10,
            "triage",
            "default",
            Duration.ofMinutes(5));
}
