package dev.parley.redis;

import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Which server serves which channel: the one there is, or on a cluster each master its own sharded channels. Thread-safe. */
interface PubSubRouting {

    /** The server to listen on for a channel, by a name of its own; null while nobody serves it. Never blocks. */
    @Nullable
    String of(String channel);

    /** Connects to one, for Pub/Sub alone. Cold: an attempt for each subscription. The connection does not reconnect by itself. */
    Mono<StatefulRedisPubSubConnection<String, byte[]>> connect(String shard);

    /** Ticks when {@link #of} may answer otherwise than before. Hot, never ends. */
    default Flux<?> changes() {
        return Flux.never();
    }

    /** Has been told that {@link #of} is wrong: asks again, soon. */
    default void refresh() {}

    /** Whether channels are sharded ones (SSUBSCRIBE). */
    default boolean sharded() {
        return false;
    }
}
