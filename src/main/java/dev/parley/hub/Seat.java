package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import dev.parley.frame.Frame;
import dev.parley.frame.Gap;
import dev.parley.frame.ServerFrames;
import dev.parley.log.Joined;
import dev.parley.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/** One follower's place in a conversation. Only the conversation's mailbox touches it. */
final class Seat {

    private final String conversation;
    final Follower follower;
    final Access access;
    private final @Nullable String ref;
    private final @Nullable String since;
    /** The read, or the wait for one, that is under way. */
    final Disposable.Swap reading = Disposables.swap();
    /** The last position it has; null before the first read. */
    @Nullable
    Position position;
    /** What live seats had when its read of the log that was answered last had begun: the log has that, or Redis has lost it. */
    @Nullable
    Position handedOut;
    /** It has been told {@code subscribed}. */
    boolean answered;
    /** What it was shown last came from the record. */
    private boolean recall;
    /** It gets what comes live; else it is reading the log. */
    boolean live;

    /** It has been shown the {@link Pending} events from this number on. */
    long pendingFrom = Long.MAX_VALUE;

    boolean left;
    int attempts;

    Seat(String conversation, Follower follower, Access access, @Nullable String ref, @Nullable String since) {
        this.conversation = conversation;
        this.follower = follower;
        this.access = access;
        this.ref = ref;
        this.since = since;
        this.position = since == null ? null : Position.parse(since);
    }

    /** What the client wrote for {@code since}, if that is no position and has not been answered yet. */
    @Nullable
    String malformed() {
        return answered || position != null ? null : since;
    }

    /** Hands over a page of missed events. */
    void replay(Joined.Missed missed, Pending pending) {
        if (!answered) {
            resumed(pending.next());
        }
        missed.entries().forEach(entry -> give(entry, pending));
    }

    /** Goes on from where it is, without the log, and with what is pending there. */
    void resumeWith(Pending pending) {
        resumed(0);
        pending.framesFor(access, position).forEach(follower::offer);
    }

    private void resumed(long pendingFrom) {
        String from = (position == null ? Position.ZERO : position).toString();
        this.pendingFrom = pendingFrom;
        follower.offer(ServerFrames.subscribed(takeRef(), conversation, from, true, null));
    }

    void give(LogEntry entry, Pending pending) {
        position = entry.position();
        follower.offer(pending.saw(this, entry.eventId()) ? placed(conversation, entry) : frame(conversation, entry));
    }

    static Frame placed(String conversation, LogEntry entry) {
        return ServerFrames.placed(
                conversation,
                Objects.requireNonNull(entry.eventId()),
                entry.position().toString());
    }

    static Frame frame(String conversation, LogEntry entry) {
        return ServerFrames.event(conversation, entry.position().toString(), entry.eventId(), entry.event());
    }

    /**
     * Begins again, from everything as it stands.
     *
     * @param ephemeralRuns runs in progress that the log does not know
     * @param pending shown again as events when the log has them: a snapshot does not have them, or has them already
     */
    void show(Joined.Snapshot snapshot, List<String> ephemeralRuns, Pending pending) {
        String at = snapshot.last().toString();
        List<String> runs = new ArrayList<>(snapshot.runs());
        runs.addAll(ephemeralRuns);
        position = snapshot.last();
        pendingFrom = pending.next();
        Gap gap = recall ? new Gap(Gap.Reason.ARCHIVE, "0", at, at) : snapshot.gap();
        recall = false;
        follower.offer(ServerFrames.subscribed(takeRef(), conversation, at, false, gap));
        follower.offer(ServerFrames.snapshot(
                conversation, at, snapshot.session(), snapshot.messages(), "[" + String.join(",", runs) + "]", null));
    }

    /** Whether its client has neither a position of its own nor been shown anything. */
    boolean hasNothing() {
        return !answered && since == null;
    }

    /** Shows what was written down, and what waits for Redis on this node: until the log can be read that is all there is. */
    void show(Memory.Recalled recalled, Pending pending) {
        recall = true;
        pendingFrom = 0;
        follower.offer(ServerFrames.subscribed(takeRef(), conversation, null, false, null));
        follower.offer(
                ServerFrames.snapshot(conversation, null, recalled.session(), recalled.messages(), "[]", "archive"));
        pending.framesFor(access, null).forEach(follower::offer);
    }

    /** The ref that {@code subscribed} has to echo: only the first one answers a request. */
    private @Nullable String takeRef() {
        String echoed = answered ? null : ref;
        answered = true;
        return echoed;
    }
}
