package dev.parley.store;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The latest loss of unread events of durable streams. The lost events may belong to any conversation, so each conversation's log gets a
 * break ({@link LogEntry#isBreak}), across which no client resumes.
 *
 * <p>A loss is stored before later events are appended, and published. A node that misses the notice finds the loss at its next look.
 */
public interface StreamLosses {

    /**
     * Stores a loss of a stream.
     *
     * @param count number of lost events; at least one
     * @return cold; completes when it is stored
     */
    Mono<Void> add(String stream, long count);

    /** Looks for losses whose notice this node has missed. Cold. */
    Mono<Void> look();

    /** Each loss that this node learns of after the first look, in ms since 1970, on any thread. Hot, never ends. */
    Flux<Long> news();
}
