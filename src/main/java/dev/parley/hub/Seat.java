package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import dev.parley.frame.Frame;
import dev.parley.frame.ServerFrames;
import dev.parley.log.Joined;
import dev.parley.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
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
    /** It has been told {@code subscribed}. */
    boolean answered;
    /** It gets what comes live; else it is reading the log. */
    boolean live;

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
    void replay(Joined.Missed missed) {
        if (!answered) {
            String from = (position == null ? Position.ZERO : position).toString();
            follower.offer(ServerFrames.subscribed(takeRef(), conversation, from, true, null));
        }
        missed.entries().forEach(this::give);
    }

    void give(LogEntry entry) {
        position = entry.position();
        follower.offer(frame(conversation, entry));
    }

    static Frame frame(String conversation, LogEntry entry) {
        return ServerFrames.event(conversation, entry.position().toString(), entry.eventId(), entry.event());
    }

    /**
     * Begins again, from everything as it stands.
     *
     * @param ephemeralRuns runs in progress that the log does not know
     */
    void show(Joined.Snapshot snapshot, List<String> ephemeralRuns) {
        String at = snapshot.last().toString();
        List<String> runs = new ArrayList<>(snapshot.runs());
        runs.addAll(ephemeralRuns);
        position = snapshot.last();
        follower.offer(ServerFrames.subscribed(takeRef(), conversation, at, false, snapshot.gap()));
        follower.offer(ServerFrames.snapshot(
                conversation, at, snapshot.session(), snapshot.messages(), "[" + String.join(",", runs) + "]"));
    }

    /** The ref that {@code subscribed} has to echo: only the first one answers a request. */
    private @Nullable String takeRef() {
        String echoed = answered ? null : ref;
        answered = true;
        return echoed;
    }
}
