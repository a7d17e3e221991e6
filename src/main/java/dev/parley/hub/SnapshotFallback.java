package dev.parley.hub;

import dev.parley.auth.Access;
import reactor.core.publisher.Mono;

/** A snapshot for the time in which Redis is unavailable. Cold; must not block; fails as a read of the log does. */
@FunctionalInterface
public interface SnapshotFallback {

    /**
     * A conversation as it was last archived.
     *
     * @param session JSON object or {@code null}
     * @param messages JSON array, oldest first
     */
    record Recalled(String session, String messages) {}

    /** Empty when nothing is known. */
    Mono<Recalled> recall(String conversation, Access access);
}
