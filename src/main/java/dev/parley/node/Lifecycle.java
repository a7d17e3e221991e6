package dev.parley.node;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * Starts parts one after the other, and stops those that have started in reverse order. A part whose start fails is stopped, too: whoever
 * catches the failure calls {@link #stop}, and nothing is left behind.
 *
 * <pre>
 *            start              stop
 * STARTING ────────► STARTING ────────► STOPPED
 * </pre>
 *
 * <p>Thread-safe: {@link #stop} waits for a start that is under way. Everything blocks: for {@code main} and shutdown hooks, not for event
 * loops.
 */
final class Lifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

    /** Beyond a part's limit: the timer itself may not run. */
    private static final Duration STUCK = Duration.ofSeconds(5);

    private enum State {
        STARTING,
        STOPPED
    }

    /**
     * A part that has begun to start.
     *
     * @param stop cold; must cope with a part that has started half
     * @param limit how long the stop may take
     */
    private record Part(String name, Supplier<Mono<Void>> stop, Duration limit) {}

    private final Deque<Part> parts = new ArrayDeque<>();
    private State state = State.STARTING;
    private boolean allStopped = true;

    /**
     * Starts a part.
     *
     * @param name for the log
     * @param start returns when the part has started
     * @param stop see {@link #stop}; subscribed to once, also when {@code start} has failed
     * @param limit how long the stop may take
     * @throws IllegalStateException when the parts have been stopped meanwhile
     */
    synchronized void start(String name, Runnable start, Supplier<Mono<Void>> stop, Duration limit) {
        if (state == State.STOPPED) {
            throw new IllegalStateException("the node is stopping: " + name + " is not started");
        }
        parts.push(new Part(name, stop, limit));
        start.run();
    }

    /**
     * Starts a part that is over when what its start returns is disposed of.
     *
     * @param start returns when the part has started
     * @param limit how long disposing may take
     * @throws IllegalStateException when the parts have been stopped meanwhile
     */
    synchronized void start(String name, Supplier<Disposable> start, Duration limit) {
        Disposable.Swap started = Disposables.swap();
        start(name, () -> started.replace(start.get()), () -> Mono.fromRunnable(started::dispose), limit);
    }

    /**
     * Stops all parts, the last one first. A part that fails or takes longer than its limit is named in the log and does not keep the others
     * from stopping. Once is enough, twice is harmless.
     *
     * @return whether each part has stopped within its limit
     */
    synchronized boolean stop() {
        state = State.STOPPED;
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                Mono.defer(part.stop).timeout(part.limit).block(part.limit.plus(STUCK));
            } catch (RuntimeException e) {
                allStopped = false;
                LOG.warn("{} did not stop gracefully within {} ms", part.name, part.limit.toMillis(), e);
            }
        }
        return allStopped;
    }
}
