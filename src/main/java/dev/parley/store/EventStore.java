package dev.parley.store;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The logs of all conversations, for those who append to them and read them. Every publisher here is cold, emits on the store's own thread,
 * and fails with a {@link dev.parley.error.ParleyException} {@code unavailable} while the store can't be reached. Nothing blocks. Thread-safe.
 */
public interface EventStore {

    /**
     * Appends events in their order within each conversation. Where the store can't take an event of a conversation for now, those behind
     * it are refused with it.
     *
     * @param source the durable stream, or the spilled queue, that those come from which have a place there; null for none
     * @return an outcome for each event, in the order of the events. An event's refusal is its own; the Mono fails when the store can't be
     *     reached, and then any of them may be in the log or not: append them again under the same ids
     */
    Mono<List<AppendResult>> append(@Nullable String source, List<AppendRequest> events);

    /**
     * Reads for someone who joins: what they missed when {@code since} is in the log, else a snapshot.
     *
     * @param since the last position they have; null for none
     * @param access who reads; null for the gateway itself
     */
    Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access);

    /** Last positions of many conversations. Those of a master that can't be asked are left out. */
    Flux<Map<String, LogHead>> glance(Collection<String> conversations);

    /**
     * Ends the runs of a conversation whose agents have died: an {@code agent.run.failed} comes into the log for each run of which nothing
     * was heard for its lease, once, whoever asks.
     *
     * @return how long it takes until the next run may be over; empty when no other is in progress
     */
    Mono<Duration> endLostRuns(String conversation);

    /** What durable streams have lost: each join sees to it that the log says so. */
    StreamLosses losses();

    /** Whether conversations are spread over several masters. */
    boolean sharded();

    /** Where a conversation's keys are on a cluster; 0 without one. */
    int slotOf(String conversation);

    /** The name of the master that serves a slot now; null while nobody does. */
    @Nullable
    String masterOf(int slot);

    /** The name of the master that has a conversation; null while nobody serves it. */
    @Nullable
    String masterOf(String conversation);

    /** Event ids of a conversation that are remembered: so many events can be appended again without being there twice. */
    int remembered();
}
