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
     * Reads the events after a position, or a snapshot. Cold, and answers on any thread; what it returns was read after the subscription.
     *
     * @param since the last position the reader has; null for none
     * @param access who reads; null for the gateway itself
     */
    Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access);
}
