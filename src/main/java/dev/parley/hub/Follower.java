package dev.parley.hub;

import dev.parley.frame.Frame;
import dev.parley.frame.Refusal;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** Someone who follows a conversation: a socket. Called by one thread at a time; must not block. */
public interface Follower {

    /** The event loop that writes to it, which its conversation had better run on. */
    Executor loop();

    /** A frame that must arrive; when it can't be taken the follower has to leave. */
    void offer(Frame frame);

    /** A frame that may be dropped when the follower is slow. */
    void offerEphemeral(Frame frame);

    /** The conversation can't be followed now; nothing more will come. */
    void refused(Refusal refusal);

    /** Whether there is room for a snapshot of any size, or a page of missed events. */
    boolean hasRoom();

    /** Completes when there is. */
    Mono<Void> room();
}
