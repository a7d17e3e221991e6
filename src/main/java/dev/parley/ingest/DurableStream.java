package dev.parley.ingest;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One durable stream as its reader sees it: entries, consumer group, lease, delivery attempts and dead letters. {@link RedisDurableStream}
 * is the one in Redis.
 *
 * <p>Every publisher here is cold, never blocks and emits on the store's own thread. While Redis is unavailable it fails with a
 * {@link dev.parley.error.ParleyException} {@code unavailable}, or with the connection's own error.
 */
interface DurableStream {

    /** Waits for entries, on a connection that serves nothing else. */
    @FunctionalInterface
    interface NewEntries {

        /**
         * Completes when the stream has an entry after the given id, or after {@code atMost}. Takes no entry and emits none.
         *
         * @param id of the entry read last
         */
        Mono<Void> await(String id, Duration atMost);
    }

    /** The stream's key, prefix included. */
    String name();

    /** The pattern of all keys that a reader needs access to, as in a Redis ACL rule. */
    String keyPattern();

    /**
     * Waits until Redis can be reached, opens a connection for waiting, and closes it when {@code reading} ends or is cancelled.
     *
     * @return what {@code reading} emits; fails when the connection is lost
     */
    <T> Flux<T> connect(Function<NewEntries, Flux<T>> reading);

    /** Creates the stream and its consumer group where they do not exist. */
    Mono<Void> ensureGroup();

    /**
     * Registers this node as a reader of the stream, and takes the lease if it is free.
     *
     * @param wanted whether to take a free lease, or only to report it
     */
    Mono<AcquireResult> acquire(boolean wanted);

    /**
     * Renews the lease, and reports progress.
     *
     * @param appended after the last entry that is in the log
     * @param moveGroup whether to move the group there
     * @param register whether to register this node as a reader again, too, and to store the progress where it outlives the stream
     * @param generation how often the stream was deleted and recreated
     */
    Mono<CommitResult> commit(StreamOffset appended, boolean moveGroup, boolean register, long generation);

    /** Releases the lease, if this node holds it; the node remains a reader of the stream. */
    Mono<Void> release();

    /** Releases the lease, if this node holds it; the node is a reader of the stream no longer. */
    Mono<Void> leave();

    /**
     * Reads entries in order.
     *
     * @param from id of the first entry, inclusive
     * @param limit maximum number of entries
     */
    Mono<List<StreamEntry>> read(String from, int limit);

    /**
     * Asks whether unread entries may have been removed, when the entry that was read last is in the stream no longer.
     *
     * @param id of that entry
     * @return empty when this node holds the lease no longer; fails when the stream or its group does not exist
     */
    Mono<TrimCheck> checkTrimmed(String id);

    /**
     * Counts one more failed attempt for each id. The count is shared by all nodes.
     *
     * @return attempts so far, by id
     */
    Mono<Map<String, Long>> countAttempts(List<String> ids);

    /** Forgets all attempts. */
    Mono<Void> clearAttempts();

    /**
     * Adds an entry to the dead letters under its own id, unless it is there.
     *
     * @param keep approximate maximum of dead letters; the oldest are trimmed
     * @return whether it was added; fails with a {@link DeadLetterRejectedException} when Redis rejects this entry or the key holds
     *     another program's data
     */
    Mono<Boolean> deadLetter(StreamEntry entry, String reason, long keep);
}
