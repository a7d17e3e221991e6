package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import dev.parley.store.JoinResult;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** How a conversation reads its log. */
@FunctionalInterface
interface LogReads {

    /**
     * Reads the events after a position, or a snapshot. Cold, and answers on any thread; the result is not older than the subscription to
     * the Mono.
     *
     * @param since the last position of the reader; null for none
     * @param access the reader's; null for the gateway itself
     */
    Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access);
}
