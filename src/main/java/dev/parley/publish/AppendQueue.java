package dev.parley.publish;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.resilience.OutageQueue;
import dev.parley.resilience.QueuedEvent;
import dev.parley.resilience.SpillOffset;
import dev.parley.store.AppendRequest;
import dev.parley.store.AppendResult;
import dev.parley.store.EventStore;
import dev.parley.store.StoredEvent;
import dev.parley.support.RetryPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Events in the order in which they are appended, a batch at a time. A batch stays at the head of the line until its outcome is known,
 * so whatever happens to it, it is in its place: it is sent again, and the log answers what it has already.
 *
 * <p>A batch may be more than one script takes, so that a long line is appended with many events of a conversation in each. The log
 * keeps their order: behind an event that Redis refuses for now nothing of its conversation comes in. Of one conversation it has no more
 * than half of what the log remembers, so that none of them has been forgotten when all are sent again.
 *
 * <p>The line and all fields are guarded by this lane. Outside of it stands what calls others: appending, and telling publishers.
 */
final class AppendQueue {

    private static final Logger LOG = LoggerFactory.getLogger(AppendQueue.class);

    /** What is queued goes on to agents' inboxes a few conversations at a time. */
    private static final int PLACED_AT_ONCE = 16;

    private static final int BATCH_EVENTS = 4_096;
    private static final int BATCH_BYTES = 4 << 20;

    private static final Mono<PublishResult> QUEUED = Mono.just(new PublishResult.Queued());

    private final Appender append;
    private final int mostOfOne;
    private final BooleanSupplier away;
    private final QueueListener listener;
    private final OutageQueue<Waiting>.Line line;
    private final QueueCounts counts;
    /** Of each conversation that has any, what of it is queued. */
    private final Map<String, Tail> queued = new HashMap<>();
    /** The try that is under way, or the delay before it. */
    private final Disposable.Swap running = Disposables.swap();
    /** The number of the latest try: an earlier one's outcome counts no more. */
    private int turn;
    /** There is a try under way, or one is planned. */
    private boolean busy;
    /** Only planned. */
    private boolean delayed;
    /** Redis takes nothing for now: whoever comes is told that its event is queued. */
    private boolean holding;

    /** It takes nothing more. */
    private boolean closed;

    private boolean stopped;
    private int failures;

    /**
     * @param mostOfOne events of one conversation in a batch at most: until its outcome is known the log must remember all their ids
     * @param away whether it is known already that nothing can be appended now
     */
    public AppendQueue(
            Appender append,
            int mostOfOne,
            BooleanSupplier away,
            QueueListener listener,
            OutageQueue<Waiting>.Line line,
            QueueCounts counts) {
        this.append = append;
        this.mostOfOne = mostOfOne;
        this.away = away;
        this.listener = listener;
        this.line = line;
        this.counts = counts;
    }

    /**
     * What is queued of one conversation.
     *
     * @param last the id of the last of these events
     */
    private record Tail(int events, String last) {
        @Nullable
        Tail withoutOne() {
            return events == 1 ? null : new Tail(events - 1, last);
        }
    }

    /** As {@link EventStore#append}. */
    public interface Appender {
        Mono<List<AppendResult>> append(@Nullable String source, List<AppendRequest> batch);
    }

    /** An event and, as long as it has not been answered, who is to be told. */
    public static final class Waiting {
        final QueuedEvent event;
        /** Null once its publisher has been told that it is queued. */
        private Sinks.@Nullable One<PublishResult> done;

        private Waiting(QueuedEvent event, Sinks.@Nullable One<PublishResult> done) {
            this.event = event;
            this.done = done;
        }
    }

    /** Takes one that was accepted before, whatever the bounds are. */
    synchronized void restore(QueuedEvent event) {
        holding = true;
        line.restore(new Waiting(event, null));
        count(event);
    }

    /** Takes one and begins to append it, if it is its turn. Fails with {@link ParleyException}. */
    public Mono<PublishResult> add(QueuedEvent event) {
        Sinks.One<PublishResult> done;
        boolean begins;
        synchronized (this) {
            if (closed) {
                throw stopping();
            }
            boolean held = holding || away.getAsBoolean();
            // Those who wait already are told when the lane is suspended.
            boolean holds = holding || (held && line.isEmpty());
            done = holds ? null : Sinks.one();
            // An event that finds no room changes nothing.
            line.add(new Waiting(event, done), held);
            holding = holds;
            if (holds) {
                queued(event);
            }
            begins = !busy;
            busy = true;
        }
        if (begins) {
            attempt();
        }
        return done == null ? QUEUED : done.asMono();
    }

    private void attempt() {
        Disposable.Swap attempt = Disposables.swap();
        List<Waiting> batch;
        int number;
        synchronized (this) {
            if (stopped) {
                return;
            }
            batch = rememberable(line.head(BATCH_EVENTS, BATCH_BYTES));
            if (batch.isEmpty()) {
                busy = false;
                holding = false;
                failures = 0;
                return;
            }
            number = ++turn;
            delayed = false;
            running.update(attempt);
        }
        List<AppendRequest> appends =
                batch.stream().map(one -> AppendRequest.queued(one.event)).toList();
        // What an earlier process wrote down was written together and stands before all else.
        SpillOffset spilled = batch.get(0).event.spilled();
        attempt.update(append.append(spilled == null ? null : spilled.source(), appends)
                .flatMap(outcomes -> placed(number, batch, outcomes).thenReturn(outcomes))
                .subscribe(outcomes -> finished(number, batch, outcomes), error -> failed(number, batch, error)));
    }

    /** As many of the first ones as may be sent again although all that is known of them is that they were sent. */
    private List<Waiting> rememberable(List<Waiting> head) {
        if (head.size() <= mostOfOne) {
            return head;
        }
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < head.size(); i++) {
            if (counts.merge(head.get(i).event.event().conversation(), 1, Integer::sum) > mostOfOne) {
                return head.subList(0, i);
            }
        }
        return head;
    }

    /** Lets what was queued go on to where it has to go from the log, before it counts as done. */
    private Mono<Void> placed(int number, List<Waiting> batch, List<AppendResult> outcomes) {
        Map<String, List<Mono<Void>>> byConversation = new LinkedHashMap<>();
        synchronized (this) {
            for (int i = 0; i < batch.size() && number == turn; i++) {
                Waiting one = batch.get(i);
                StoredEvent appended = outcomes.get(i).appended();
                if (one.done == null && appended != null) {
                    byConversation
                            .computeIfAbsent(one.event.event().conversation(), name -> new ArrayList<>())
                            .add(Mono.defer(() -> listener.placed(one.event, appended)));
                }
            }
        }
        return Flux.fromIterable(byConversation.values())
                .flatMap(inOrder -> Flux.concat(inOrder).then(), PLACED_AT_ONCE)
                .then();
    }

    private void finished(int number, List<Waiting> batch, List<AppendResult> outcomes) {
        List<Runnable> answers = new ArrayList<>();
        boolean goesOn;
        synchronized (this) {
            if (number != turn) {
                return;
            }
            boolean[] stays = new boolean[batch.size()];
            goesOn = true;
            for (int i = 0; i < stays.length; i++) {
                ParleyException refusal = outcomes.get(i).refusal();
                stays[i] = refusal != null && refusal.code() == ErrorCode.UNAVAILABLE;
                goesOn &= !stays[i];
                if (!stays[i]) {
                    settle(batch.get(i), outcomes.get(i), answers);
                }
            }
            line.settle(stays);
            if (goesOn) {
                holding = false;
                failures = 0;
            } else {
                hold(answers);
                tryLater();
            }
        }
        answers.forEach(Runnable::run);
        if (goesOn) {
            attempt();
        }
    }

    private void settle(Waiting one, AppendResult outcome, List<Runnable> answers) {
        StoredEvent appended = outcome.appended();
        ParleyException refusal = outcome.refusal();
        if (appended != null && !appended.duplicate()) {
            listener.stored(one.event.event().conversation(), appended.position());
        }
        if (one.done == null) {
            counts.queued().decrementAndGet();
            queued.computeIfPresent(one.event.event().conversation(), (name, tail) -> tail.withoutOne());
            (refusal == null ? counts.replayed() : counts.refused()).increment();
            if (refusal != null) {
                answers.add(() -> listener.refused(one.event, refusal));
            }
        } else if (appended != null) {
            answer(one, done -> done.tryEmitValue(new PublishResult.Stored(appended)), answers);
        } else if (refusal != null) {
            answer(one, done -> done.tryEmitError(refusal), answers);
        }
    }

    private void failed(int number, List<Waiting> batch, Throwable error) {
        List<Runnable> answers = new ArrayList<>();
        synchronized (this) {
            if (number != turn) {
                return;
            }
            if (!passes(error)) {
                LOG.warn("Events could not be appended; those that are queued stay so", error);
                boolean[] stays = new boolean[batch.size()];
                for (int i = 0; i < stays.length; i++) {
                    Waiting one = batch.get(i);
                    stays[i] = one.done == null;
                    answer(one, done -> done.tryEmitError(error), answers);
                }
                line.settle(stays);
            }
            hold(answers);
            tryLater();
        }
        answers.forEach(Runnable::run);
    }

    /** Whether the same batch may be taken later. */
    private static boolean passes(Throwable error) {
        return error instanceof ParleyException refusal && refusal.code() == ErrorCode.UNAVAILABLE;
    }

    /** Redis is away: what is under way is not waited for, and everybody is told. */
    void suspend() {
        List<Runnable> answers = new ArrayList<>();
        synchronized (this) {
            if (stopped || line.isEmpty()) {
                return;
            }
            hold(answers);
            if (busy && !delayed) {
                turn++;
                tryLater();
            }
        }
        answers.forEach(Runnable::run);
    }

    /** Redis is back: no need to wait for the next try. */
    void resume() {
        synchronized (this) {
            failures = 0;
            if (busy && !delayed) {
                return;
            }
            delayed = false;
            busy = true;
        }
        attempt();
    }

    /** Whether anything of a conversation is queued. */
    synchronized boolean isQueued(String conversation) {
        return queued.containsKey(conversation);
    }

    /** From now on it takes nothing more; what it has goes on. */
    synchronized void close() {
        closed = true;
    }

    /** Whether a try is under way. */
    synchronized boolean isTrying() {
        return busy && !delayed;
    }

    /** Ends all work, and returns what is left. */
    public synchronized List<Waiting> stop() {
        closed = true;
        stopped = true;
        turn++;
        running.dispose();
        List<Waiting> left = new ArrayList<>();
        line.forEach(left::add);
        return left;
    }

    static ParleyException stopping() {
        return ParleyException.of(ErrorCode.UNAVAILABLE, "this node is stopping: try again");
    }

    // Under the lock.

    /** From now on everybody is told that their event is queued; so are those who wait already. */
    private void hold(List<Runnable> answers) {
        if (!holding) {
            holding = true;
            line.forEach(one -> {
                if (one.done != null) {
                    queued(one.event);
                    answer(one, done -> done.tryEmitValue(new PublishResult.Queued()), answers);
                }
            });
        }
    }

    private void count(QueuedEvent event) {
        counts.queued().incrementAndGet();
        String id = Objects.requireNonNull(event.event().eventId());
        queued.merge(event.event().conversation(), new Tail(1, id), (tail, one) -> new Tail(tail.events + 1, id));
    }

    private void queued(QueuedEvent event) {
        Tail before = queued.get(event.event().conversation());
        count(event);
        listener.queued(event, before == null ? null : before.last);
    }

    private void tryLater() {
        delayed = true;
        running.update(Mono.delay(RetryPolicy.FOREVER.delay(failures++)).subscribe(now -> due()));
    }

    private void due() {
        synchronized (this) {
            if (!delayed) {
                return;
            }
            delayed = false;
        }
        attempt();
    }

    /** Has its publisher answered once this lock is free, if it has not been. */
    private static void answer(
            Waiting one, Function<Sinks.One<PublishResult>, Sinks.EmitResult> outcome, List<Runnable> answers) {
        Sinks.One<PublishResult> done = one.done;
        one.done = null;
        if (done != null) {
            answers.add(() -> expectOk(outcome.apply(done)));
        }
    }

    /** Each is answered once; a caller that has gone does not mind. */
    private static void expectOk(Sinks.EmitResult result) {
        if (result.isFailure() && result != Sinks.EmitResult.FAIL_CANCELLED) {
            throw new Sinks.EmissionException(result);
        }
    }

    /** Tells those of what was left when the lane stopped who have not been told anything yet. */
    static void tellLeft(List<Waiting> left, boolean kept) {
        List<Runnable> answers = new ArrayList<>();
        for (Waiting one : left) {
            answer(
                    one,
                    done -> kept ? done.tryEmitValue(new PublishResult.Queued()) : done.tryEmitError(stopping()),
                    answers);
        }
        answers.forEach(Runnable::run);
    }
}
