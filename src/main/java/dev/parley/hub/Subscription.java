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

/** One subscriber's place in a conversation: its {@link SubscriptionState}, and what it has. Only the conversation's mailbox touches it. */
final class Subscription {

    /** What its subscriber was shown last. */
    private enum Shown {
        NOTHING,
        LOG,
        ARCHIVE
    }

    /** What became of a live message. */
    enum Delivered {
        YES,
        /** It is not live. */
        NOT_LIVE,
        /** It lacks what came before. */
        MISSES_SOMETHING
    }

    private final String conversation;
    private final Subscriber subscriber;
    private final Access access;
    private final @Nullable String ref;
    private final @Nullable String since;
    private final LatestWait waiting;
    private SubscriptionState state = new SubscriptionState.AwaitingAck(0);
    /** The last position it has; null before the first read. */
    private @Nullable Position position;

    private Shown shown = Shown.NOTHING;

    /** It has been shown the {@link PendingEvents} from this number on. */
    private long pendingFrom = Long.MAX_VALUE;

    /**
     * @param ref the JSON scalar that the first answer has to echo; null for none
     * @param since the last position that the client has, as it wrote it; null for none
     * @param mailbox the conversation's: has something done on its thread
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

    /** Whether it has been shown anything. */
    boolean isAnswered() {
        return shown != Shown.NOTHING;
    }

    boolean hasRoom() {
        return subscriber.hasRoom();
    }

    /** The last position it has; null before the first read. */
    @Nullable
    Position position() {
        return position;
    }

    /** The last position it has, once it has read the log. */
    Position reached() {
        return Objects.requireNonNull(position);
    }

    /** Its next read begins there; with null, from everything as it stands. */
    void continueFrom(@Nullable Position at) {
        position = at;
    }

    /** Whether its client has asked without a position of its own. */
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

    /** The read of the log was answered. Returns what the live subscriptions had when it began. */
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

    /** Leaves and says why. */
    void refuse(ParleyException why) {
        leave();
        subscriber.refused(why);
    }

    // What it is shown.

    /** Hands over a live message, if it is the next one for this subscription. */
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

    /** Hands over a page of missed events. */
    void replay(JoinResult.Missed missed, PendingEvents pending) {
        if (!isAnswered()) {
            resumed(pending.next());
        }
        missed.entries().forEach(entry -> replay(entry, pending));
    }

    /** Hands over an event that it missed. */
    void replay(LogEntry entry, PendingEvents pending) {
        position = entry.position();
        subscriber.offer(
                wasShown(entry.eventId(), pending)
                        ? Delivery.Placed.of(conversation, entry)
                        : Delivery.Event.of(conversation, entry));
    }

    /** Goes on from where it is, without the log, and with what is pending there. */
    void resumeWith(PendingEvents pending) {
        resumed(0);
        pending.shownTo(access, position).forEach(subscriber::offer);
    }

    private void resumed(long pendingFrom) {
        this.pendingFrom = pendingFrom;
        offerSubscribed(reached(), true, null);
        shown = Shown.LOG;
    }

    /**
     * Begins again, from everything as it stands. What is pending is shown when the log has it: a snapshot does not have it, or has it
     * already.
     */
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
            // What the client wrote is no position.
            return snapshot.insteadOf(since).gap();
        }
        return snapshot.gap();
    }

    /** Shows what is archived, and what waits for Redis on this node: until the log can be read that is all there is. */
    void show(SnapshotFallback.Recalled archived, PendingEvents pending) {
        pendingFrom = 0;
        offerSubscribed(null, false, null);
        shown = Shown.ARCHIVE;
        subscriber.offer(Delivery.Snapshot.archived(conversation, archived));
        pending.shownTo(access, null).forEach(subscriber::offer);
    }

    /** Only the first one answers a request. */
    private void offerSubscribed(@Nullable Position at, boolean resumed, @Nullable ResumeGap gap) {
        subscriber.offer(Delivery.Subscribed.of(isAnswered() ? null : ref, conversation, at, resumed, gap));
    }

    /**
     * Shows an event that waits for Redis. A subscription that began after one that still waits is shown that first, when the log has it,
     * and so everything that comes after it.
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

    /** Whether it has been shown a pending event of that id. */
    boolean wasShown(@Nullable String eventId, PendingEvents pending) {
        return eventId != null && pending.wasShown(eventId, access, pendingFrom);
    }
}
