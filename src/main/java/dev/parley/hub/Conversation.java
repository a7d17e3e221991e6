package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.redis.LiveChannels;
import dev.parley.resilience.QueuedEvent;
import dev.parley.store.JoinResult;
import dev.parley.store.LiveMessage;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One hosted conversation. The {@link Mailbox} of its first subscriber's event loop runs everything here, one thing at a time, except
 * where a method says "any thread".
 *
 * <p>{@code position} is the last event handed to the live subscriptions. A live message that names it as its predecessor moves it on; one
 * that does not starts a {@link GapRepair}. A subscription that begins reads the log itself, however long that takes, and becomes live when
 * it has caught up. Each subscription's own position proves that it has missed nothing.
 */
final class Conversation implements LiveChannels.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);

    private final String name;
    private final LogReads log;
    private final ConversationHost host;
    private final Duration joinTimeout;
    private final Mailbox<ConversationTask> mailbox;
    private final List<Subscription> subscriptions = new ArrayList<>(1);
    private final LiveBuffer recent = new LiveBuffer();
    private final EphemeralRuns ephemeralRuns;
    private final PendingEvents pending = new PendingEvents();
    private final GapRepair repair;
    private volatile @Nullable Position position;
    private volatile boolean ephemeral;

    /** The last snapshot that was shown, while subscriptions still read. */
    private @Nullable Encoded encoded;

    private boolean acknowledged;

    private record Encoded(JoinResult.Snapshot snapshot, List<String> runs, Delivery.Snapshot delivery) {}

    /**
     * @param nanos a clock such as {@link System#nanoTime}
     * @param mailbox runs everything here on its thread
     */
    Conversation(
            String name,
            LogReads log,
            ConversationHost host,
            HubSettings settings,
            LongSupplier nanos,
            Mailbox<ConversationTask> mailbox) {
        this.mailbox = mailbox;
        this.name = name;
        this.log = log;
        this.host = host;
        this.joinTimeout = settings.redis().commandTimeout();
        this.ephemeralRuns = new EphemeralRuns(settings.runs().silence(), nanos);
        this.repair = new GapRepair(name, log, recent, new RepairTarget(), this::enqueue);
    }

    String name() {
        return name;
    }

    /** The last position of the live subscriptions; null before the first read of the log. Any thread. */
    @Nullable
    Position position() {
        return position;
    }

    /** This node has appended an event at that position. Any thread. */
    void stored(Position at) {
        repair.stored(at);
    }

    /** The last position at which this node has appended an event. Any thread. */
    Position stored() {
        return repair.stored();
    }

    /** Runs a task on the mailbox's thread. Any thread. */
    void enqueue(String task, Runnable action) {
        mailbox.add(new ConversationTask(name, task, 0, action));
    }

    /**
     * Runs a task that may be dropped while too much waits on this node. Any thread.
     *
     * @return whether there was room
     */
    boolean enqueueIfRoom(String task, int bytes, Runnable action) {
        return mailbox.addIfRoom(new ConversationTask(name, task, bytes, action));
    }

    @Override
    public void message(String channel, byte[] message) {
        if (!enqueueIfRoom("live message", message.length, () -> onLiveMessage(message))) {
            LOG.debug(
                    "{} receives live messages faster than it handles them: dropped ones are read from the log", name);
        }
    }

    @Override
    public void acknowledged() {
        enqueue("acknowledged", this::onAcknowledged);
    }

    /** Any thread. */
    void close() {
        repair.dispose();
    }

    // Live messages.

    private void onLiveMessage(byte[] bytes) {
        List<LiveMessage> messages = LiveMessage.parse(bytes);
        if (messages.isEmpty()) {
            LOG.warn("Another program has published on the live channel of {}", name);
        }
        messages.forEach(this::onLiveMessage);
    }

    private void onLiveMessage(LiveMessage message) {
        Position at = position;
        if (at == null || repair.isRunning()) {
            recent.add(message);
        } else if (message.entry().position().isAfter(at)) {
            if (repair.isNext(message, at)) {
                emit(message);
            } else {
                recent.add(message);
                repair.begin();
            }
        }
    }

    private void emit(LiveMessage message) {
        Delivery.Event event = Delivery.Event.of(name, message.entry());
        boolean isFirst = message.prev().equals(Position.ZERO);
        boolean somebodyReads = false;
        position = message.entry().position();
        ephemeralRuns.foldDurable(message.entry().event());
        pending.emitted(message.entry().eventId());
        for (Subscription each : subscriptions) {
            if (isFirst && each.isLive() && each.access().checked()) {
                // A conversation that begins, for the first time or again, may be another tenant's: the log decides.
                readLog(each);
            }
            switch (each.deliver(message, event, pending)) {
                case YES -> {}
                case NOT_LIVE -> somebodyReads = true;
                case MISSES_SOMETHING -> {
                    somebodyReads = true;
                    readLog(each);
                }
            }
        }
        if (somebodyReads) {
            recent.add(message);
        }
    }

    private final class RepairTarget implements GapRepair.Target {

        @Override
        public @Nullable Position position() {
            return position;
        }

        @Override
        public void emit(LiveMessage message) {
            Conversation.this.emit(message);
        }

        @Override
        public void restart(JoinResult.Snapshot snapshot, @Nullable Position lost) {
            position = snapshot.last();
            for (Subscription each : subscriptions) {
                if (each.isLive() && !each.access().checked()) {
                    each.show(snapshot, encoded(snapshot), pending);
                } else if (each.isLive() || (lost != null && each.isAnswered())) {
                    if (lost != null) {
                        each.continueFrom(lost);
                    }
                    readLog(each);
                }
            }
        }

        @Override
        public void repairBegins() {
            host.repairStarts();
        }

        @Override
        public void repairEnded() {
            replayRecent();
        }
    }

    private void replayRecent() {
        recent.drain().forEach(this::onLiveMessage);
        settle();
    }

    /** The log's last position differed from this one. A live message that has arrived since explains the difference. */
    void onDifference(Position at) {
        if (at.equals(position)) {
            repair.begin();
        }
    }

    /** A durable stream has lost events. If they belonged to this conversation, its log tells every subscription that reads it now. */
    void onStreamLoss() {
        for (Subscription each : List.copyOf(subscriptions)) {
            if (!each.isLive() && each.hasRoom()) {
                readLog(each);
            }
        }
        if (position != null) {
            repair.beginAnew();
        }
    }

    // Ephemeral events.

    void publishEphemeral(AgentEvent event) {
        boolean late = ephemeralRuns.fold(event);
        ephemeral = !ephemeralRuns.isEmpty();
        deliverEphemeral(event, late);
    }

    private void deliverEphemeral(AgentEvent event, boolean late) {
        Delivery.Event delivery = Delivery.Event.ephemeral(name, event.eventId(), late, event.bytes());
        subscriptions.forEach(each -> each.deliverEphemeral(delivery));
    }

    /** Whether ephemeral events have begun a run that has not ended. Any thread. */
    boolean hasEphemeralRuns() {
        return ephemeral;
    }

    /** Ends the ephemeral runs that were silent for their lease. Each node does so for its own subscribers. */
    void endLostRuns() {
        ephemeralRuns
                .takeLost(name)
                .forEach(run -> deliverEphemeral(run.failed(Instant.now().truncatedTo(ChronoUnit.MILLIS)), false));
        ephemeral = !ephemeralRuns.isEmpty();
    }

    // Subscriptions begin and end.

    private void onAcknowledged() {
        if (acknowledged) {
            host.checkSoon(name);
            return;
        }
        acknowledged = true;
        List.copyOf(subscriptions).forEach(this::readLog);
    }

    void subscribe(Subscription subscription) {
        subscriptions.add(subscription);
        if (acknowledged) {
            readLog(subscription);
        } else {
            subscription.awaitAck(joinTimeout, () -> onReadError(subscription, unavailable()));
        }
    }

    void unsubscribe(Subscription subscription) {
        if (subscriptions.remove(subscription)) {
            subscription.leave();
            settle();
            host.left(name);
        }
    }

    private void refuse(Subscription subscription, ParleyException why) {
        unsubscribe(subscription);
        subscription.refuse(why);
    }

    /**
     * Reads the log for one subscription. Nothing is read before Redis has acknowledged the subscription to the live channel, because
     * events after the read would not be received. Then every subscription reads.
     */
    private void readLog(Subscription subscription) {
        if (!acknowledged) {
            subscription.unacknowledged();
            return;
        }
        subscription.read(
                position,
                answer -> log.join(name, subscription.position(), subscription.access())
                        .subscribe(
                                joined -> answer.with("read", () -> onRead(subscription, joined)),
                                error -> answer.with("read failed", () -> onReadError(subscription, error))));
    }

    private void onRead(Subscription subscription, JoinResult joined) {
        Position handedOut = subscription.answered();
        if (joined.inboxPending()) {
            host.inboxPending(name);
        }
        if (joined instanceof JoinResult.Missed missed) {
            if (position == null) {
                missed.entries().forEach(entry -> pending.emitted(entry.eventId()));
            }
            subscription.replay(missed, pending);
            if (missed.more()) {
                subscription.awaitRoom(() -> readLog(subscription));
                return;
            }
        } else if (joined instanceof JoinResult.Snapshot snapshot) {
            if (!subscription.hasRoom()) {
                // Other snapshots are on their way to the same subscriber: this one is read when they have been
                // written.
                subscription.awaitRoom(() -> readLog(subscription));
                return;
            }
            subscription.show(snapshot, encoded(snapshot), pending);
        }
        catchUp(subscription, joined.last(), handedOut);
    }

    /** A snapshot, encoded once for all subscriptions. */
    private Delivery.Snapshot encoded(JoinResult.Snapshot snapshot) {
        List<String> own = ephemeralRuns.json();
        Encoded last = encoded;
        if (last == null || !last.snapshot.equals(snapshot) || !last.runs.equals(own)) {
            List<String> runs = new ArrayList<>(snapshot.runs());
            runs.addAll(own);
            Delivery.Snapshot delivery = Delivery.Snapshot.of(
                    name, snapshot.last(), snapshot.session(), snapshot.messages(), "[" + String.join(",", runs) + "]");
            last = new Encoded(snapshot, own, delivery);
            encoded = last;
        }
        return last.delivery;
    }

    /**
     * The subscription has everything that the log had. Now it joins the live messages.
     *
     * @param handedOut last position of the live subscriptions when the log was read
     */
    private void catchUp(Subscription subscription, Position logEnd, @Nullable Position handedOut) {
        Position at = position;
        if (at == null) {
            position = subscription.reached();
            // The buffered live messages are still to be delivered: they must not be cleared before.
            subscription.goLive();
            replayRecent();
        } else if (!at.isAfter(subscription.reached())) {
            goLive(subscription);
        } else if (subscription.access().checked() && subscription.reached().equals(Position.ZERO)) {
            // The conversation began after the read, and may be another tenant's.
            readLog(subscription);
        } else {
            recent.after(subscription.reached()).forEach(message -> subscription.replay(message.entry(), pending));
            if (!at.isAfter(subscription.reached())) {
                goLive(subscription);
            } else if (handedOut != null && handedOut.isAfter(logEnd)) {
                // The log ends before the position that had been delivered at the time of the read: Redis lost its
                // tail.
                goLive(subscription);
                repair.begin();
            } else {
                // More events have arrived since than the buffer holds.
                readLog(subscription);
            }
        }
    }

    private void goLive(Subscription subscription) {
        subscription.goLive();
        settle();
    }

    /** Clears what is kept for reading subscriptions, if none reads. */
    private void settle() {
        if (!repair.isRunning() && position != null && allLive()) {
            recent.clear();
            pending.forget(position);
            encoded = null;
        }
    }

    private boolean allLive() {
        for (Subscription each : subscriptions) {
            if (!each.isLive()) {
                return false;
            }
        }
        return true;
    }

    private void onReadError(Subscription subscription, Throwable error) {
        boolean forGood =
                ParleyException.is(error, ErrorCode.NOT_FOUND) || ParleyException.is(error, ErrorCode.CONFLICT);
        if (subscription.isAnswered() && !forGood) {
            // A subscription that was answered stays, and receives what it missed when Redis is available again.
            subscription.retry(() -> readLog(subscription));
            return;
        }
        if (!(error instanceof ParleyException)) {
            LOG.warn("A join to {} failed", name, error);
        } else if (!forGood && hasAllThereIs(subscription)) {
            subscription.resumeWith(pending);
            goLive(subscription);
            return;
        }
        ParleyException refusal = error instanceof ParleyException known ? known : unavailable();
        if (refusal.code() == ErrorCode.UNAVAILABLE && subscription.asksForAll()) {
            recall(subscription, refusal);
        } else {
            refuse(subscription, refusal);
        }
    }

    /**
     * Whether a subscription may go live although Redis is unavailable: it has all events, and the conversation is known to belong to its
     * tenant.
     */
    private boolean hasAllThereIs(Subscription subscription) {
        Position has = subscription.position();
        return has != null
                && has.equals(position)
                && (!subscription.access().checked() || isOpenTo(subscription.access()));
    }

    private boolean isOpenTo(Access access) {
        return subscriptions.stream()
                .filter(Subscription::isLive)
                .map(Subscription::access)
                .anyMatch(other -> other.checked() && other.tenant().equals(access.tenant()));
    }

    /** Shows the archived snapshot to a subscriber that has nothing. */
    private void recall(Subscription subscription, ParleyException otherwise) {
        subscription.readArchive(answer -> host.recall(name, subscription.access())
                .doOnError(e -> LOG.debug("The archive of {} can't be read either", name, e))
                .subscribe(
                        archived -> answer.with("archive read", () -> {
                            subscription.show(archived, pending);
                            subscription.retry(() -> readLog(subscription));
                        }),
                        error -> answer.with("archive failed", () -> refuse(subscription, otherwise)),
                        () -> answer.with("archive empty", () -> refuse(subscription, otherwise))));
    }

    // Events that are shown before the log has them.

    /** @param previous the id of the event queued before it; null if there is none */
    void onQueued(QueuedEvent event, @Nullable String previous) {
        if (allLive()) {
            pending.forget(position);
        }
        Position at = position;
        // Earlier events may still be on their way, or lost with the connection: they must be shown first.
        boolean inOrder = !stored().isAfter(at == null ? Position.ZERO : at);
        Delivery.Pending delivery = pending.add(name, event, inOrder, previous);
        if (delivery != null) {
            subscriptions.forEach(each -> each.show(delivery, event.access(), pending));
        }
    }

    /**
     * A pending event is in the log. It arrives live, or is found when last positions are compared, so only the pending mark is removed
     * here. If the log had the event before it became pending, it does not arrive any more.
     */
    void onPlaced(String eventId, Position at) {
        Position now = position;
        if (now != null && !at.isAfter(now) && !pending.wasConfirmed(eventId)) {
            onRefused(eventId);
            return;
        }
        pending.placed(eventId, at);
        settle();
    }

    /** A pending event will not be in the log, or is there already. Subscriptions that were shown it receive a snapshot. */
    void onRefused(String eventId) {
        for (Subscription each : List.copyOf(subscriptions)) {
            if (each.wasShown(eventId, pending)) {
                each.continueFrom(null);
                readLog(each);
            }
        }
        pending.remove(eventId);
    }

    private static ParleyException unavailable() {
        return ParleyException.of(
                ErrorCode.UNAVAILABLE, "the conversation can't be read now, because Redis is unavailable: try again");
    }
}
