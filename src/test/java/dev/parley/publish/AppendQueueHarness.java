package dev.parley.publish;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.resilience.OutageQueue;
import dev.parley.resilience.QueuedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A lane on virtual time with a scripted log, and publishers that write down what they are told. An event counts its own bytes. */
public final class AppendQueueHarness {

    /** The longest delay before the first try after a failure. */
    static final Duration FIRST_DELAY = Duration.ofMillis(100);

    static final int MOST_OF_ONE = 2;
    public static final int MAX_BYTES = 16 << 20;
    static final Duration MAX_AGE = Duration.ofSeconds(60);

    final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    public final ScriptedAppends log = new ScriptedAppends();
    public final RecordingQueueListener listener = new RecordingQueueListener();
    public final QueueCounts counts = new QueueCounts();
    public final OutageQueue<AppendQueue.Waiting> queue =
            new OutageQueue<>(one -> one.event.event().bytes().length, MAX_BYTES, MAX_AGE, () -> time.now(NANOSECONDS));
    /** Whether the lane's master is known to be unavailable. */
    public boolean away;
    /** By event id, what its publisher was told. */
    public final List<String> told = new ArrayList<>();

    public final AppendQueue lane;

    AppendQueueHarness() {
        this(MOST_OF_ONE);
    }

    AppendQueueHarness(int mostOfOne) {
        this.lane = lane(log::append, mostOfOne);
    }

    public AppendQueue lane(AppendQueue.Appender appender, int mostOfOne) {
        return new AppendQueue(appender, mostOfOne, () -> away, listener, queue.newLine(), counts);
    }

    Disposable add(String conversation, String id) {
        return add(QueuedEvents.event(conversation, id));
    }

    Disposable add(AgentEvent event) {
        return addTo(lane, event);
    }

    Disposable addTo(AppendQueue to, AgentEvent event) {
        return Mono.defer(() -> to.add(new QueuedEvent(event, QueuedEvents.ACCESS)))
                .subscribe(
                        published -> told.add(event.eventId() + " " + name(published)),
                        error -> told.add(event.eventId() + " " + name(error)));
    }

    static String name(PublishResult published) {
        return published instanceof PublishResult.Stored stored
                ? "stored at " + stored.appended().position()
                : "queued";
    }

    static String name(Throwable error) {
        return error instanceof ParleyException refusal
                ? refusal.code().wire() + ": " + refusal.getMessage()
                : Objects.requireNonNull(error.getMessage());
    }

    public ScriptedAppends.Try latest() {
        return log.latest();
    }

    public int tries() {
        return log.tries.size();
    }

    public void pass(Duration duration) {
        time.advanceTimeBy(duration);
    }

    /** Lets the delay after a first failure pass. */
    public void passDelay() {
        pass(FIRST_DELAY);
    }

    static void end(AppendQueue lane) {
        List<AppendQueue.Waiting> unused = lane.stop();
    }

    void close() {
        end(lane);
        VirtualTimeScheduler.reset();
    }
}
