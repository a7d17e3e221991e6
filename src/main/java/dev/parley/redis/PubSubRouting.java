package dev.parley.redis;

import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Decides which server serves which channel: the only one, or on a cluster each master its own sharded channels. Thread-safe. */
interface PubSubRouting {

    /** The server for a channel, by a name of its own; null while no server serves it. Never blocks. */
    @Nullable
    String of(String channel);

    /** Opens a Pub/Sub connection to a server. Cold: each subscription is one attempt. The connection does not reconnect by itself. */
    Mono<StatefulRedisPubSubConnection<String, byte[]>> connect(String shard);

    /** Ticks when {@link #of} may return another server than before. Hot, never ends. */
    default Flux<?> changes() {
        return Flux.never();
    }

    /** The result of {@link #of} was wrong: reads the layout again soon. */
    default void refresh() {}

    /** Whether channels are sharded ones (SSUBSCRIBE). */
    default boolean sharded() {
        return false;
    }
}
