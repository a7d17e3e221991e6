package dev.parley.hub;

import dev.parley.event.Position;
import dev.parley.store.JoinResult;
import dev.parley.store.LiveMessage;
import dev.parley.store.LogEntry;
import dev.parley.support.RetryPolicy;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Decides whether something is missing before a live message, and reads it from the log: from the conversation's last position on,
 * inclusively, so that a log that has lost its tail is noticed. Live messages that arrive meanwhile wait in the {@link LiveBuffer}.
 *
 * <p>If this node knows that the log had an event that has not arrived, it asks the log for that event first: the event may be lost, and
 * the log may have grown past it.
 *
 * <p>Only the conversation's mailbox may call this, except where a method says "any thread".
 */
final class GapRepair implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(GapRepair.class);

    /** The conversation that is repaired. */
    interface Target {

        /** The last position of the live subscriptions; null before the first read of the log. */
        @Nullable
        Position position();

        /** Delivers an event that was missing. */
        void emit(LiveMessage message);

        /**
         * Begins again from a snapshot: the log no longer has the last position.
         *
         * @param lost a position that this node knows the log to have had, and that the log was asked for; null if it was asked for the
         *     last position
         */
        void restart(JoinResult.Snapshot snapshot, @Nullable Position lost);

        /** A repair begins. */
        void repairBegins();

        /** A repair has ended: the buffered messages are to be delivered. */
        void repairEnded();
    }

    /**
     * A repair in progress.
     *
     * @param asked the position that must be in the log and has not arrived, which the log is asked for; null if it is asked for the last
     *     one
     * @param buffered number of messages ever added to the buffer when the read began
     */
    private record Repair(@Nullable Position asked, long buffered) {}

    private final String conversation;
    private final LogReads log;
    private final LiveBuffer buffer;
    private final Target target;
    private final LatestWait wait;
    /** The last position at which this node has appended an event. */
    private final AtomicReference<Position> stored = new AtomicReference<>(Position.ZERO);
    /** The last such position that the log was found to have. */
    private Position proved = Position.ZERO;

    private @Nullable Repair repair;
    private int failures;

    /** @param mailbox the conversation's: runs a task on its thread */
    GapRepair(
            String conversation, LogReads log, LiveBuffer buffer, Target target, BiConsumer<String, Runnable> mailbox) {
        this.conversation = conversation;
        this.log = log;
        this.buffer = buffer;
        this.target = target;
        this.wait = new LatestWait(mailbox);
    }

    /** This node has appended an event at that position. Any thread. */
    void stored(Position at) {
        stored.accumulateAndGet(at, (one, other) -> one.isAfter(other) ? one : other);
    }

    /** The last position at which this node has appended an event. Any thread. */
    Position stored() {
        return Objects.requireNonNull(stored.get());
    }

    boolean isRunning() {
        return repair != null;
    }

    /** Whether nothing is missing between a position and a live message that is after it. */
    boolean isNext(LiveMessage message, Position at) {
        LogEntry entry = message.entry();
        // An event that this node stored between the two has not arrived: Redis lost it, and the log has grown past
        // it.
        boolean lost = stored().isAfter(at) && entry.position().isAfter(stored());
        return !lost && message.prev().equals(at) && !entry.isBreak();
    }

    /** Reads what is missing, unless a repair is already in progress. */
    void begin() {
        if (!isRunning()) {
            target.repairBegins();
            read();
        }
    }

    /** Begins the read again: the read in progress may have started before the log was marked. */
    void beginAnew() {
        if (isRunning()) {
            read();
        } else {
            begin();
        }
    }

    private void read() {
        Position at = Objects.requireNonNull(target.position());
        Position must = stored();
        Position asked = must.isAfter(at) && must.isAfter(proved) ? must : null;
        repair = new Repair(asked, buffer.added());
        wait.begin(answer -> log.join(conversation, asked == null ? at : asked, null)
                .subscribe(
                        joined -> answer.with("repaired", () -> repaired(joined)),
                        error -> answer.with("repair failed", () -> failed(error))));
    }

    private void repaired(JoinResult joined) {
        failures = 0;
        Repair done = Objects.requireNonNull(repair);
        if (joined instanceof JoinResult.Missed missed) {
            if (done.asked != null) {
                proved = done.asked;
                read();
                return;
            }
            for (LogEntry entry : missed.entries()) {
                target.emit(new LiveMessage(Objects.requireNonNull(target.position()), entry));
            }
            if (missed.more()) {
                read();
                return;
            }
        } else if (joined instanceof JoinResult.Snapshot snapshot) {
            target.restart(snapshot, done.asked);
            // Earlier stored events that the log does not have are part of this gap.
            stored.set(Position.ZERO);
            proved = Position.ZERO;
        }
        repair = null;
        // The log had these before the read: they have been delivered, or Redis has lost them.
        buffer.forget(done.buffered);
        target.repairEnded();
    }

    private void failed(Throwable error) {
        LOG.debug("Could not repair {} yet: {}", conversation, error.getMessage());
        wait.begin(answer -> Mono.delay(RetryPolicy.FOREVER.delay(failures++))
                .subscribe(again -> answer.with("repair again", this::read)));
    }

    @Override
    public void dispose() {
        wait.dispose();
    }
}
