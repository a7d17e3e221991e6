package dev.parley.ingest;

import java.time.Duration;

/**
 * What a node does about one durable stream.
 *
 * <pre>
 *              acquired                   lost
 *   Standby ───────────────► Leading ───────────────► Standby
 *      │                        │
 *      │ free                   │ handedOver
 *      ▼                        │
 *   Unclaimed ◄─────────────────┘
 *      │
 *      ├─ acquired ──► Leading
 *      └─ held ──────► Standby
 * </pre>
 *
 * Immutable, but for the cursor of a leading reader. Times are those of {@link System#nanoTime}.
 */
sealed interface ReaderState {

    /** Another node holds the lease, or this node has not asked for it yet. */
    record Standby() implements ReaderState {}

    /**
     * No node holds the lease, and this node's quota is full.
     *
     * @param since when this node found out
     */
    record Unclaimed(long since) implements ReaderState {}

    /** This node holds the lease, as far as it knows. */
    record Leading(StreamCursor cursor) implements ReaderState {}

    /** This node has acquired the lease. */
    default Leading acquired(AcquireResult.Acquired lease) {
        return new Leading(new StreamCursor(lease.after(), lease.generation()));
    }

    /** Another node holds the lease. */
    default ReaderState held() {
        return new Standby();
    }

    /** No node holds the lease. */
    default ReaderState free(long now) {
        return this instanceof Unclaimed ? this : new Unclaimed(now);
    }

    /** This node has released the lease, for another node to acquire it. */
    default ReaderState handedOver(long now) {
        return new Unclaimed(now);
    }

    /** This node holds the lease no longer. */
    default ReaderState lost() {
        return this instanceof Leading ? new Standby() : this;
    }

    /** Whether no node has held the lease for longer than the given time. */
    default boolean isUnclaimedFor(Duration time, long now) {
        return this instanceof Unclaimed unclaimed && now - unclaimed.since > time.toNanos();
    }
}
