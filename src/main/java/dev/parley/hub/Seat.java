package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/** One follower's place in a conversation. Only the conversation's mailbox touches it. */
final class Seat {

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

    Seat(Follower follower, Access access, @Nullable String ref, @Nullable String since) {
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

    /** The ref that {@code subscribed} has to echo: only the first one answers a request. */
    @Nullable
    String takeRef() {
        String echoed = answered ? null : ref;
        answered = true;
        return echoed;
    }
}
