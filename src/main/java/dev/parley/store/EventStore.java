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
 * The logs of all conversations. Every publisher here is cold, emits on the store's own thread, and fails with a {@link
 * dev.parley.error.ParleyException} {@code unavailable} while the store can't be reached. Never blocks. Thread-safe.
 */
public interface EventStore {

    /**
     * Appends events in their order within each conversation. If the store can't take an event of a conversation for now, later events of
     * that conversation are rejected with it.
     *
     * @param source the durable stream, or the spill file, that the events come from; null for none
     * @return one outcome per event, in the order of the events. A rejection concerns one event. The Mono fails when the store can't be
     *     reached; then each event may be in the log or not: append them again under the same ids
     */
    Mono<List<AppendResult>> append(@Nullable String source, List<AppendRequest> events);

    /**
     * Reads for a join: the missed events if {@code since} is in the log, otherwise a snapshot.
     *
     * @param since the reader's last position; null for none
     * @param access the reader's; null for the gateway itself
     */
    Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access);

    /** Last positions of many conversations. Those of an unavailable master are left out. */
    Flux<Map<String, LogHead>> glance(Collection<String> conversations);

    /**
     * Ends the runs of a conversation whose agents have died: the log gets one {@code agent.run.failed} for each run that was silent for
     * its lease, however many callers ask.
     *
     * @return time until the next run may be lost; empty if no other is in progress
     */
    Mono<Duration> endLostRuns(String conversation);

    /** The losses of durable streams; each join has the log record them. */
    StreamLosses losses();

    /** Whether conversations are spread over several masters. */
    boolean sharded();

    /** The slot of a conversation's keys on a cluster; 0 without one. */
    int slotOf(String conversation);

    /** The name of the master that serves a slot now; null while no master does. */
    @Nullable
    String masterOf(int slot);

    /** The name of the master that has a conversation; null while no master serves it. */
    @Nullable
    String masterOf(String conversation);

    /** Number of remembered event ids per conversation: that many events can be appended again without a repetition. */
    int remembered();
}
