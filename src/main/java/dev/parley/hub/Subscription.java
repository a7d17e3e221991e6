package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.protocol.ResumeGap;
import dev.parley.store.JoinResult;
import dev.parley.store.LiveMessage;
import dev.parley.store.LogEntry;
import dev.parley.support.RetryPolicy;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * One subscriber's progress in a conversation: its {@link SubscriptionState}, and its position. Only the conversation's mailbox uses it.
 */
final class Subscription {

    /** What the subscriber was shown last. */
    private enum Shown {
        NOTHING,
        LOG,
        ARCHIVE
    }

    /** The outcome of a live message. */
    enum Delivered {
        YES,
        /** The subscription is not live. */
        NOT_LIVE,
        /** The subscription lacks an earlier event. */
        MISSES_SOMETHING
    }

    private final String conversation;
    private final Subscriber subscriber;
    private final Access access;
    private final @Nullable String ref;
    private final @Nullable String since;
    private final LatestWait waiting;
    private SubscriptionState state = new SubscriptionState.AwaitingAck(0);
    /** The last position of the subscription; null before the first read. */
    private @Nullable Position position;

    private Shown shown = Shown.NOTHING;

    /** The subscription was shown the {@link PendingEvents} from this number on. */
    private long pendingFrom = Long.MAX_VALUE;

    /**
     * @param ref the JSON scalar that the first answer echoes; null for none
     * @param since the last position of the client, as it wrote it; null for none
     * @param mailbox the conversation's: runs a task on its thread
     */
    Subscription(
            String conversation,
            Subscriber subscriber,
            Access access,
            @Nullable String ref,
            @Nullable String since,
            BiConsumer<String, Runnable> mailbox) {
        this.conversation = conversation;
        this.subscriber = subscriber;
        this.access = access;
        this.ref = ref;
        this.since = since;
        this.position = since == null ? null : Position.parse(since);
        this.waiting = new LatestWait(mailbox);
    }

    Access access() {
        return access;
    }

    SubscriptionState state() {
        return state;
    }

    boolean isLive() {
        return state instanceof SubscriptionState.Live;
    }

    /** Whether the subscriber was shown anything. */
    boolean isAnswered() {
        return shown != Shown.NOTHING;
    }

    boolean hasRoom() {
        return subscriber.hasRoom();
    }

    /** The last position of the subscription; null before the first read. */
    @Nullable
    Position position() {
        return position;
    }

    /** The last position of the subscription, which must have read the log. */
    Position reached() {
        return Objects.requireNonNull(position);
    }

    /** Sets the position from which the next read begins; null for a snapshot. */
    void continueFrom(@Nullable Position at) {
        position = at;
    }

    /** Whether the client has given no position. */
    boolean asksForAll() {
        return since == null;
    }

    // Transitions.

    /** Waits until Redis has acknowledged the subscription to the live channel. */
    void awaitAck(Duration timeout, Runnable late) {
        waiting.begin(answer -> Mono.delay(timeout).subscribe(now -> answer.with("ack timeout", late)));
    }

    void unacknowledged() {
        state = state.awaitsAck();
    }

    /** @param handedOut what the live subscriptions have */
    void read(@Nullable Position handedOut, Function<LatestWait.Answer, Disposable> request) {
        state = state.reads(handedOut);
        waiting.begin(request);
    }

    /** The read of the log was answered. Returns the position of the live subscriptions when it began. */
    @Nullable
    Position answered() {
        SubscriptionState.Reading reading = reading().answered();
        state = reading;
        return reading.handedOut();
    }

    private SubscriptionState.Reading reading() {
        if (state instanceof SubscriptionState.Reading reading) {
            return reading;
        }
        throw new IllegalStateException("no read is under way: " + state);
    }

    void awaitRoom(Runnable then) {
        state = reading().awaitsRoom();
        waiting.begin(answer -> subscriber.room().subscribe(null, null, () -> answer.with("room", then)));
    }

    void retry(Runnable then) {
        Duration delay = RetryPolicy.FOREVER.delay(state.attempt());
        state = state.fails();
        waiting.begin(answer -> Mono.delay(delay).subscribe(now -> answer.with("retry", then)));
    }

    void readArchive(Function<LatestWait.Answer, Disposable> request) {
        state = state.readsArchive();
        waiting.begin(request);
    }

    void goLive() {
        state = state.caughtUp();
    }

    /** Receives nothing more. */
    void leave() {
        state = state.leaves();
        waiting.dispose();
    }

    /** Ends the subscription with a reason. */
    void refuse(ParleyException why) {
        leave();
        subscriber.refused(why);
    }

    // Deliveries.

    /** Delivers a live message, if it is the next one for this subscription. */
    Delivered deliver(LiveMessage message, Delivery.Event event, PendingEvents pending) {
        if (!isLive()) {
            return Delivered.NOT_LIVE;
        }
        LogEntry entry = message.entry();
        if (!message.prev().equals(position)) {
            return entry.position().isAfter(reached()) ? Delivered.MISSES_SOMETHING : Delivered.YES;
        }
        position = entry.position();
        subscriber.offer(wasShown(entry.eventId(), pending) ? Delivery.Placed.of(conversation, entry) : event);
        return Delivered.YES;
    }

    void deliverEphemeral(Delivery.Event event) {
        if (isLive()) {
            subscriber.offerEphemeral(event);
        }
    }

    /** Delivers a page of missed events. */
    void replay(JoinResult.Missed missed, PendingEvents pending) {
        if (!isAnswered()) {
            resumed(pending.next());
        }
        missed.entries().forEach(entry -> replay(entry, pending));
    }

    /** Delivers a missed event. */
    void replay(LogEntry entry, PendingEvents pending) {
        position = entry.position();
        subscriber.offer(
                wasShown(entry.eventId(), pending)
                        ? Delivery.Placed.of(conversation, entry)
                        : Delivery.Event.of(conversation, entry));
    }

    /** Resumes from the present position without the log, and shows what is pending. */
    void resumeWith(PendingEvents pending) {
        resumed(0);
        pending.shownTo(access, position).forEach(subscriber::offer);
    }

    private void resumed(long pendingFrom) {
        this.pendingFrom = pendingFrom;
        offerSubscribed(reached(), true, null);
        shown = Shown.LOG;
    }

    /** Begins again with a snapshot. Pending events are shown once the log has them: the snapshot lacks them, or has them already. */
    void show(JoinResult.Snapshot snapshot, Delivery.Snapshot delivery, PendingEvents pending) {
        ResumeGap gap = gap(snapshot);
        position = snapshot.last();
        pendingFrom = pending.next();
        offerSubscribed(snapshot.last(), false, gap);
        shown = Shown.LOG;
        subscriber.offer(delivery);
    }

    private @Nullable ResumeGap gap(JoinResult.Snapshot snapshot) {
        if (shown == Shown.ARCHIVE) {
            String at = snapshot.last().toString();
            return new ResumeGap(ResumeGap.Reason.ARCHIVE, "0", at, at);
        }
        if (since != null && position == null && !isAnswered()) {
            // The client's since is not a position.
            return snapshot.insteadOf(since).gap();
        }
        return snapshot.gap();
    }

    /** Shows the archived state, and what is queued on this node: nothing more is available until the log can be read. */
    void show(SnapshotFallback.Recalled archived, PendingEvents pending) {
        pendingFrom = 0;
        offerSubscribed(null, false, null);
        shown = Shown.ARCHIVE;
        subscriber.offer(Delivery.Snapshot.archived(conversation, archived));
        pending.shownTo(access, null).forEach(subscriber::offer);
    }

    /** Only the first one answers a request, and echoes its ref. */
    private void offerSubscribed(@Nullable Position at, boolean resumed, @Nullable ResumeGap gap) {
        subscriber.offer(Delivery.Subscribed.of(isAnswered() ? null : ref, conversation, at, resumed, gap));
    }

    /**
     * Shows a queued event. A subscription that began after an earlier event was queued receives that event first, when the log has it, and
     * so all events after it.
     */
    void show(Delivery.Pending event, Access publisher, PendingEvents pending) {
        if (!isAnswered() || !PendingEvents.isVisible(publisher, access)) {
            return;
        }
        if (pending.first() >= pendingFrom) {
            subscriber.offer(event);
        } else {
            pendingFrom = pending.next();
        }
    }

    /** Whether the subscription was shown a pending event with that id. */
    boolean wasShown(@Nullable String eventId, PendingEvents pending) {
        return eventId != null && pending.wasShown(eventId, access, pendingFrom);
    }
}
