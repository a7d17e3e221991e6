package dev.parley.publish;

import dev.parley.auth.Access;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.resilience.OutageQueue;
import dev.parley.resilience.QueuedEvent;
import dev.parley.store.EventStore;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Appends single events in batches: while one append is under way, what comes meanwhile makes the next batch. A conversation
 * always takes the same of the {@link AppendQueues} and a lane has one append under way, so a conversation's events are appended in the
 * order in which they were given.
 *
 * <p>While the master that serves a conversation is away its lane is the queue: what it has stays in its place, its publishers are told so
 * at once, and it is appended in the same order when the master is back or has been replaced. New events wait behind it.
 *
 * <p>Bounded by the bytes that wait and by the age of a lane's oldest; past them an event is refused with {@code overloaded}. Thread-safe;
 * answers come on Redis' event loop, or on the thread that found out that Redis is away.
 */
public final class Publisher {

    /** What an event costs in memory beside its own bytes, about. */
    private static final int OVERHEAD = 512;

    private static final Duration LOOK_EVERY = Duration.ofMillis(20);

    private final OutageQueue<AppendQueue.Waiting> queue;
    private final QueueCounts counts = new QueueCounts();
    private final AppendQueues lanes;

    /**
     * @param maxBytes of events that wait to be appended, over all conversations, with {@value #OVERHEAD} more for each
     * @param maxAge of the oldest event that waits in a lane
     * @param left what an earlier process had accepted: it comes before anything new
     */
    public Publisher(EventStore log, QueueListener listener, long maxBytes, Duration maxAge, List<QueuedEvent> left) {
        this(log, listener, maxBytes, maxAge, left, System::nanoTime);
    }

    /** @param nanoTime tells how long events have waited */
    Publisher(
            EventStore log,
            QueueListener listener,
            long maxBytes,
            Duration maxAge,
            List<QueuedEvent> left,
            LongSupplier nanoTime) {
        this.queue = new OutageQueue<>(Publisher::size, maxBytes, maxAge, nanoTime);
        this.lanes = new AppendQueues(log, listener, queue, counts);
        left.forEach(event -> lane(event.event()).restore(event));
    }

    private static long size(AppendQueue.Waiting one) {
        return (long) one.event.event().bytes().length + OVERHEAD;
    }

    /**
     * Appends an event.
     *
     * <p>Cold. Once subscribed to, the event is on its way: cancelling does not take it back.
     *
     * @param event must have an id, since what fails half-way is tried again under it
     * @return fails with a {@link ParleyException}: {@code overloaded}, or whatever the log has against it
     */
    public Mono<PublishResult> publish(Access access, AgentEvent event) {
        return Mono.defer(() -> lane(event).add(new QueuedEvent(event, access)));
    }

    private AppendQueue lane(AgentEvent event) {
        return lanes.of(event.conversation());
    }

    /** A master is away: nothing under way there is waited for, all that waits for it is told so. */
    public void suspend(String master) {
        lanes.suspend(master);
    }

    /** A master is back, or has just become one: what it serves goes on at once. */
    public void resume(String master) {
        lanes.resume(master);
    }

    /** Completes when nothing waits any more. */
    public Mono<Void> idle() {
        return when(() -> queue.size() == 0);
    }

    /** Completes when nothing is queued any more. */
    public Mono<Void> caughtUp() {
        return when(() -> queued() == 0);
    }

    private static Mono<Void> when(BooleanSupplier holds) {
        return Flux.interval(Duration.ZERO, LOOK_EVERY)
                .onBackpressureDrop()
                .takeUntil(tick -> holds.getAsBoolean())
                .then();
    }

    /**
     * From now on events are refused as {@code unavailable}; ends all work when nothing is under way any more. Cold.
     *
     * @param atMost how long is waited for what is under way. Where Redis is away nothing is
     * @return what still waits, each conversation's in order. Its publishers are told when {@link Rest#kept} or {@link Rest#lost} is called
     */
    public Mono<Rest> stop(Duration atMost) {
        return Mono.fromRunnable(lanes::close)
                .then(when(() -> !lanes.areTrying()).timeout(atMost, Mono.empty()))
                .then(Mono.fromSupplier(() -> new Rest(lanes.stop())));
    }

    /** What still waited when the publisher was stopped. */
    public static final class Rest {
        private final List<AppendQueue.Waiting> waiting;

        Rest(List<AppendQueue.Waiting> waiting) {
            this.waiting = waiting;
        }

        public List<QueuedEvent> events() {
            return waiting.stream().map(one -> one.event).toList();
        }

        /** It was written down. */
        public void kept() {
            AppendQueue.tellLeft(waiting, true);
        }

        /** It was not. Those who were told that it is queued were told wrong; the others are not. */
        public void lost() {
            AppendQueue.tellLeft(waiting, false);
        }
    }

    /** Whether events of a conversation are queued: what goes past the lanes would come before them. */
    public boolean isQueued(String conversation) {
        return lanes.of(conversation).isQueued(conversation);
    }

    /** Events whose publishers were told that they are queued, and which are not in their logs yet. */
    public long queued() {
        return counts.queued().get();
    }

    /** What all that wait count against the bound, those included that are being appended as always. */
    public long waitingBytes() {
        return queue.bytes();
    }

    public Duration oldest() {
        return queue.oldest();
    }

    /** Events refused because too many waited, or for too long. */
    public long overloaded() {
        return queue.refused();
    }

    /** Queued events that are in their logs now. */
    public long replayed() {
        return counts.replayed().sum();
    }

    /** Queued events that their logs did not take in the end. */
    public long refused() {
        return counts.refused().sum();
    }
}
