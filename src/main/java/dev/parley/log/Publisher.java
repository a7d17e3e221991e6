package dev.parley.log;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.concurrent.Queues;

/**
 * Gathers single events into batches: while one append script is under way, what comes meanwhile makes the next batch. A
 * conversation always takes the same of a few lanes and a lane has one script under way, so a conversation's events are appended in
 * the order in which they were given.
 *
 * <p>Bounded by the bytes that wait; past them an event is refused with {@code overloaded}. Thread-safe; answers come on Redis' event
 * loop.
 */
public final class Publisher implements Disposable {

    private static final int LANES = 4;
    private static final int BATCH = 256;

    private final ConversationLog log;
    private final long maxBytes;
    private final AtomicLong waiting = new AtomicLong();
    private final List<Lane> lanes =
            IntStream.range(0, LANES).mapToObj(i -> new Lane()).toList();

    /** @param maxBytes of events that wait to be appended, over all conversations */
    public Publisher(ConversationLog log, long maxBytes) {
        this.log = log;
        this.maxBytes = maxBytes;
    }

    /**
     * Appends an event, which should have an id, since what fails half-way is to be tried again.
     *
     * <p>Cold. Once subscribed to, the event is on its way: cancelling does not take it back.
     */
    public Mono<Appended> publish(Append append) {
        return Mono.defer(() -> {
            int size = append.event().bytes().length;
            if (waiting.addAndGet(size) > maxBytes) {
                waiting.addAndGet(-size);
                return Mono.error(Refusal.of(
                        ErrorCode.OVERLOADED,
                        "too many events wait for Redis on this node: send slower and try again"));
            }
            Waiting one = new Waiting(append, Sinks.one());
            lanes.get(Math.floorMod(append.event().conversation().hashCode(), LANES))
                    .add(one);
            return one.done.asMono();
        });
    }

    @Override
    public void dispose() {
        lanes.forEach(lane -> lane.running.dispose());
    }

    private record Waiting(Append append, Sinks.One<Appended> done) {}

    private final class Lane {
        private final Queue<Waiting> queue =
                Queues.<Waiting>unboundedMultiproducer().get();
        private final AtomicInteger size = new AtomicInteger();
        private final Disposable.Swap running = Disposables.swap();

        void add(Waiting one) {
            queue.add(one);
            if (size.getAndIncrement() == 0) {
                next();
            }
        }

        private void next() {
            List<Waiting> batch = new ArrayList<>();
            Waiting one;
            while (batch.size() < BATCH && (one = queue.poll()) != null) {
                batch.add(one);
            }
            Disposable appending = log.append(
                            null, batch.stream().map(Waiting::append).toList())
                    .subscribe(outcomes -> finish(batch, outcomes), error -> fail(batch, error));
            // What ended at once has begun the next batch already; that one is running now.
            if (!appending.isDisposed()) {
                boolean open = running.replace(appending);
                if (!open) {
                    appending.dispose();
                }
            }
        }

        private void finish(List<Waiting> batch, List<Outcome> outcomes) {
            for (int i = 0; i < batch.size(); i++) {
                Outcome outcome = outcomes.get(i);
                Sinks.One<Appended> done = batch.get(i).done;
                expectOk(
                        outcome.appended() != null
                                ? done.tryEmitValue(outcome.appended())
                                : done.tryEmitError(outcome.refusal() == null ? lost() : outcome.refusal()));
            }
            goOn(batch);
        }

        private void fail(List<Waiting> batch, Throwable error) {
            batch.forEach(one -> expectOk(one.done.tryEmitError(error)));
            goOn(batch);
        }

        private void goOn(List<Waiting> batch) {
            waiting.addAndGet(-batch.stream()
                    .mapToLong(one -> one.append.event().bytes().length)
                    .sum());
            if (size.addAndGet(-batch.size()) > 0) {
                next();
            }
        }

        private Throwable lost() {
            return new IllegalStateException("an outcome is neither appended nor refused");
        }

        /** Each sink is used once; a caller that has gone does not mind. */
        private void expectOk(Sinks.EmitResult result) {
            if (result.isFailure() && result != Sinks.EmitResult.FAIL_CANCELLED) {
                throw new Sinks.EmissionException(result);
            }
        }
    }
}
