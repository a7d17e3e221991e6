package dev.parley.hub;

import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Frame;
import dev.parley.frame.Refusal;
import dev.parley.frame.ServerFrames;
import dev.parley.log.ConversationLog;
import dev.parley.log.Joined;
import dev.parley.log.LiveMessage;
import dev.parley.log.LogEntry;
import dev.parley.outage.Queued;
import dev.parley.redis.PubSub;
import dev.parley.support.RetryPolicy;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * One hosted conversation. The {@link Mailbox} of its first follower's event loop runs everything here, one thing at a time.
 *
 * <p>{@code position} is the last event handed to the live seats. A live message that names it as its predecessor moves it on; one
 * that does not makes the conversation read the log from there, inclusively, before anything else. A seat that joins reads the log
 * itself, however long that takes, and becomes live when it has caught up; each seat's own position proves that it has missed
 * nothing.
 */
final class Conversation implements PubSub.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);

    private final String name;
    private final ConversationLog log;
    private final Hub hub;
    private final Duration joinTimeout;
    private final Mailbox<Input> mailbox;
    private final List<Seat> seats = new ArrayList<>(1);
    private final Recent recent = new Recent();
    private final EphemeralRuns ephemeralRuns;
    private final Pending pending = new Pending();
    private final Disposable.Swap repair = Disposables.swap();
    private volatile @Nullable Position position;
    private volatile boolean ephemeral;
    /** The latest position that this node has appended something at. */
    private final AtomicReference<Position> stored = new AtomicReference<>(Position.ZERO);
    /** One of these that has not come: the repair that is under way finds out whether the log has it. */
    private @Nullable Position missing;
    /** The log had it when it was last asked. */
    private Position proved = Position.ZERO;

    private boolean acknowledged;
    private boolean repairing;
    private int repairAttempts;

    /** @param mailbox by whose thread everything here is done */
    Conversation(String name, ConversationLog log, Hub hub, HubSettings settings, Mailbox<Input> mailbox) {
        this.mailbox = mailbox;
        this.name = name;
        this.log = log;
        this.hub = hub;
        this.joinTimeout = settings.joinTimeout();
        this.ephemeralRuns = new EphemeralRuns(settings.silence());
    }

    String name() {
        return name;
    }

    /** The last position that live seats have; null while nobody has read the log yet. */
    @Nullable
    Position position() {
        return position;
    }

    /** The log has an event there. From any thread. */
    void stored(Position at) {
        stored.accumulateAndGet(at, (one, other) -> one.isAfter(other) ? one : other);
    }

    Position stored() {
        return Objects.requireNonNull(stored.get());
    }

    void tell(Input input) {
        mailbox.add(input);
    }

    @Override
    public void message(String channel, byte[] message) {
        boolean told = tellIfRoom(new Input.Live(this, message));
        if (!told) {
            LOG.debug("{} hears more than it can take: what was dropped is read from the log", name);
        }
    }

    /** For what may be dropped while too much waits on this node. */
    boolean tellIfRoom(Input input) {
        return mailbox.addIfRoom(input);
    }

    @Override
    public void acknowledged() {
        tell(new Input.Acknowledged(this));
    }

    void close() {
        repair.dispose();
    }

    // What comes live.

    void heard(byte[] bytes) {
        List<LiveMessage> messages = LiveMessage.parse(bytes);
        if (messages.isEmpty()) {
            LOG.warn("Something that is no live message was published on the channel of {}", name);
        }
        messages.forEach(this::heard);
    }

    private void heard(LiveMessage message) {
        Position at = position;
        if (at == null || repairing) {
            recent.add(message);
        } else if (message.entry().position().isAfter(at)) {
            Position must = stored();
            if (must.isAfter(at) && message.entry().position().isAfter(must)) {
                // What was stored between the two is not there: Redis lost it, and the log has grown past it.
                recent.add(message);
                repair();
            } else if (message.prev().equals(at)) {
                emit(message);
            } else {
                recent.add(message);
                repair();
            }
        }
    }

    private void emit(LiveMessage message) {
        LogEntry entry = message.entry();
        position = entry.position();
        ephemeralRuns.endedBy(entry.event());
        pending.emitted(entry.eventId());
        Frame frame = null;
        boolean somebodyReads = false;
        for (Seat seat : seats) {
            if (seat.live && seat.access.checked() && message.prev().equals(Position.ZERO)) {
                askAgain(seat);
            }
            if (!seat.live) {
                somebodyReads = true;
            } else if (message.prev().equals(seat.position) && pending.saw(seat, entry.eventId())) {
                seat.give(entry, pending);
            } else if (message.prev().equals(seat.position)) {
                frame = frame == null ? Seat.frame(name, entry) : frame;
                seat.position = entry.position();
                seat.follower.offer(frame);
            } else if (seat.position != null && entry.position().isAfter(seat.position)) {
                seat.live = false;
                somebodyReads = true;
                readLog(seat);
            }
        }
        if (somebodyReads) {
            recent.add(message);
        }
    }

    /** What has just come to be, for the first time or again, may be another tenant's: the log says so to whoever reads it. */
    private void askAgain(Seat seat) {
        seat.live = false;
        readLog(seat);
    }

    void passOn(AgentEvent event) {
        ephemeralRuns.fold(event);
        ephemeral = !ephemeralRuns.isEmpty();
        offerEphemeral(event);
    }

    private void offerEphemeral(AgentEvent event) {
        Frame frame = ServerFrames.event(name, null, event.eventId(), event.bytes());
        for (Seat seat : seats) {
            if (seat.live) {
                seat.follower.offerEphemeral(frame);
            }
        }
    }

    /** Whether ephemeral events have begun a run that has not ended. */
    boolean hasEphemeralRuns() {
        return ephemeral;
    }

    /** Ends the ephemeral runs of which nothing was heard for their lease: each node tells its own sockets. */
    void endLostRuns() {
        ephemeralRuns
                .takeLost(name)
                .forEach(run -> offerEphemeral(run.failed(Instant.now().truncatedTo(ChronoUnit.MILLIS))));
        ephemeral = !ephemeralRuns.isEmpty();
    }

    // Who joins and leaves.

    void subscribed() {
        if (acknowledged) {
            hub.checkSoon(this);
            return;
        }
        acknowledged = true;
        for (Seat seat : List.copyOf(seats)) {
            readLog(seat);
        }
    }

    void join(Seat seat) {
        seats.add(seat);
        if (acknowledged) {
            readLog(seat);
        } else {
            seat.reading.update(Mono.delay(joinTimeout)
                    .subscribe(late -> tell(new Input.ReadFailed(this, seat, Hub.unavailable()))));
        }
    }

    void leave(Seat seat) {
        if (seat.left) {
            return;
        }
        seat.left = true;
        seat.reading.dispose();
        seats.remove(seat);
        settleRecent();
        hub.left(this);
    }

    void readLog(Seat seat) {
        if (seat.left) {
            return;
        }
        seat.handedOut = position;
        String malformed = seat.malformed();
        Mono<Joined> reading = malformed == null
                ? log.join(name, seat.position, seat.access)
                : log.joinMalformed(name, malformed, seat.access);
        seat.reading.update(reading.subscribe(
                joined -> tell(new Input.Read(this, seat, joined)),
                error -> tell(new Input.ReadFailed(this, seat, error))));
    }

    void read(Seat seat, Joined joined) {
        if (seat.left) {
            return;
        }
        seat.attempts = 0;
        if (joined.inboxPending()) {
            hub.inboxPending(name);
        }
        if (joined instanceof Joined.Missed missed) {
            if (position == null) {
                missed.entries().forEach(entry -> pending.emitted(entry.eventId()));
            }
            seat.replay(missed, pending);
            if (missed.more()) {
                seat.reading.update(seat.follower.room().subscribe(null, null, () -> tell(new Input.Turn(this, seat))));
                return;
            }
        } else if (joined instanceof Joined.Snapshot snapshot) {
            if (!seat.follower.hasRoom()) {
                // Other snapshots are on their way to the same socket: read this one when they have gone.
                seat.reading.update(seat.follower.room().subscribe(null, null, () -> tell(new Input.Turn(this, seat))));
                return;
            }
            seat.show(snapshot, ephemeralRuns.json(), pending);
        }
        catchUp(seat, joined.last());
    }

    /** The seat has all that the log had: join it to what comes live. */
    private void catchUp(Seat seat, Position logEnd) {
        Position at = position;
        Position has = seat.position == null ? logEnd : seat.position;
        if (at == null) {
            position = has;
            live(seat);
            replayRecent();
        } else if (!at.isAfter(has)) {
            live(seat);
        } else {
            for (LiveMessage message : recent.after(has)) {
                has = message.entry().position();
                seat.give(message.entry(), pending);
            }
            if (!at.isAfter(has)) {
                live(seat);
            } else if (seat.handedOut != null && seat.handedOut.isAfter(logEnd) && has.equals(logEnd)) {
                // The log ends before what had been handed out when it was asked: Redis lost its tail.
                live(seat);
                repair();
            } else {
                // More has come meanwhile than is kept.
                readLog(seat);
            }
        }
    }

    private void live(Seat seat) {
        seat.live = true;
        settleRecent();
    }

    private void settleRecent() {
        if (!repairing && position != null && allLive()) {
            recent.clear();
            pending.forget(position);
        }
    }

    private boolean allLive() {
        for (Seat seat : seats) {
            if (!seat.live) {
                return false;
            }
        }
        return true;
    }

    // What is shown before the log has it.

    void queued(Queued event, @Nullable String behind) {
        if (allLive()) {
            pending.forget(position);
        }
        Position at = position;
        // What came before it may be on its way still, or lost with the connection: it has to be shown first.
        boolean inOrder = !stored().isAfter(at == null ? Position.ZERO : at);
        Frame frame = pending.add(name, event, inOrder, behind);
        if (frame != null) {
            for (Seat seat : seats) {
                if (seat.answered && Pending.visible(event.access(), seat.access)) {
                    showPending(seat, frame);
                }
            }
        }
    }

    /** Who began behind something that still waits is shown that first, when the log has it, and so all that comes after it. */
    private void showPending(Seat seat, Frame frame) {
        if (pending.first() >= seat.pendingFrom) {
            seat.follower.offer(frame);
        } else {
            seat.pendingFrom = pending.next();
        }
    }

    /**
     * It comes live, or is found when last positions are compared; all that is left to do is to forget that it was pending. What has been in
     * the log since before it was pending does not come any more.
     */
    void placed(String eventId, Position at) {
        Position now = position;
        if (now != null && !at.isAfter(now) && !pending.came(eventId)) {
            refused(eventId);
            return;
        }
        pending.placed(eventId, at);
        settleRecent();
    }

    /** What was shown will not be in the log, or is there already: whoever saw it gets everything as it really stands. */
    void refused(String eventId) {
        for (Seat seat : List.copyOf(seats)) {
            if (pending.saw(seat, eventId)) {
                seat.live = false;
                seat.position = null;
                readLog(seat);
            }
        }
        pending.remove(eventId);
    }

    /** Whether a seat may go on from here although Redis can't be asked: it has all there is, and nobody else's conversation is this. */
    private boolean goesOnHere(Seat seat) {
        return seat.position != null
                && seat.position.equals(position)
                && (!seat.access.checked()
                        || seats.stream()
                                .anyMatch(other -> other.live
                                        && other.access.checked()
                                        && other.access.tenant().equals(seat.access.tenant())));
    }

    void readFailed(Seat seat, Throwable error) {
        if (seat.left) {
            return;
        }
        boolean notFound = error instanceof Refusal refusal && refusal.code() == ErrorCode.NOT_FOUND;
        if (seat.answered && !notFound) {
            // In the middle of a stream the socket stays, and is told what it missed when Redis is back.
            readLogLater(seat);
            return;
        }
        if (!(error instanceof Refusal)) {
            LOG.warn("A join to {} failed", name, error);
        } else if (!notFound && goesOnHere(seat)) {
            seat.resumeWith(pending);
            live(seat);
            return;
        }
        Refusal refusal = error instanceof Refusal known ? known : Hub.unavailable();
        if (refusal.code() == ErrorCode.UNAVAILABLE && seat.hasNothing()) {
            recall(seat, refusal);
        } else {
            refuse(seat, refusal);
        }
    }

    private void readLogLater(Seat seat) {
        seat.reading.update(Mono.delay(RetryPolicy.FOREVER.delay(seat.attempts++))
                .subscribe(again -> tell(new Input.Turn(this, seat))));
    }

    void refuse(Seat seat, Refusal refusal) {
        if (!seat.left) {
            leave(seat);
            seat.follower.refused(refusal);
        }
    }

    /** Shows what was written down of it to somebody who has nothing at all. */
    private void recall(Seat seat, Refusal otherwise) {
        seat.reading.update(hub.recall(name, seat.access)
                .<Input>map(recalled -> new Input.Recalled(this, seat, recalled))
                .doOnError(e -> LOG.debug("The record of {} can't be read either", name, e))
                .onErrorResume(e -> Mono.just(new Input.NotRecalled(this, seat, otherwise)))
                .defaultIfEmpty(new Input.NotRecalled(this, seat, otherwise))
                .subscribe(this::tell));
    }

    void recalled(Seat seat, Memory.Recalled recalled) {
        if (!seat.left) {
            seat.show(recalled, pending);
            readLogLater(seat);
        }
    }

    // When something is missing.

    void checked(Position asked, Position last, Position must) {
        Position at = position;
        if (repairing || at == null || !asked.equals(at)) {
            return;
        }
        if (must.isAfter(at) || !last.equals(at)) {
            repair();
        }
    }

    /** Reads on from the last position, inclusively; what comes live meanwhile waits. */
    private void repair() {
        if (!repairing) {
            repairing = true;
            hub.repairStarts();
            repairOn();
        }
    }

    /**
     * Where the log is known to have had an event that has not come, that is asked for first: it may be lost, and the log have grown past
     * it.
     */
    void repairOn() {
        Position at = position;
        Position must = stored();
        missing = at != null && must.isAfter(at) && must.isAfter(proved) ? must : null;
        repair.update(log.join(name, missing == null ? at : missing, null)
                .subscribe(
                        joined -> tell(new Input.Repaired(this, joined)),
                        error -> tell(new Input.RepairFailed(this, error))));
    }

    void repaired(Joined joined) {
        repairAttempts = 0;
        Position asked = missing;
        if (asked != null && joined instanceof Joined.Missed) {
            proved = asked;
            repairOn();
            return;
        }
        if (joined instanceof Joined.Missed missed) {
            for (LogEntry entry : missed.entries()) {
                Position at = position;
                if (at != null && entry.position().isAfter(at)) {
                    emit(new LiveMessage(at, entry));
                }
            }
            if (missed.more()) {
                repairOn();
                return;
            }
        } else if (joined instanceof Joined.Snapshot snapshot) {
            position = snapshot.last();
            List<String> runs = ephemeralRuns.json();
            for (Seat seat : seats) {
                if (seat.live && !seat.access.checked()) {
                    seat.show(snapshot, runs, pending);
                } else if (seat.live || (asked != null && seat.answered)) {
                    seat.position = asked == null ? seat.position : asked;
                    askAgain(seat);
                }
            }
            // What else was stored before and is not there is part of this gap.
            stored.set(Position.ZERO);
            proved = Position.ZERO;
        }
        repairing = false;
        replayRecent();
    }

    void repairFailed(Throwable error) {
        LOG.debug("Could not repair {} yet: {}", name, error.getMessage());
        repair.update(Mono.delay(RetryPolicy.FOREVER.delay(repairAttempts++))
                .subscribe(again -> tell(new Input.RepairTurn(this))));
    }

    private void replayRecent() {
        for (LiveMessage message : recent.drain()) {
            heard(message);
        }
        settleRecent();
    }
}
