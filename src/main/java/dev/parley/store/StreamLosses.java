package dev.parley.store;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * When durable streams have last lost events that nobody had read. Such events may have been any conversation's, so each conversation's log
 * gets a break ({@link LogEntry#isBreak}), behind which nobody goes on from before it.
 *
 * <p>A loss is written down before what comes behind it is appended, and published. A node that misses the notice finds the loss when it
 * looks.
 */
public interface StreamLosses {

    /**
     * Writes down that a stream has lost events.
     *
     * @param count how many; at least one
     * @return cold; completes when it is stored
     */
    Mono<Void> add(String stream, long count);

    /** Looks for losses whose notice this node has missed. Cold. */
    Mono<Void> look();

    /** Each loss that this node learns of after the first look, in ms since 1970, on any thread. Hot, never ends. */
    Flux<Long> news();
}
