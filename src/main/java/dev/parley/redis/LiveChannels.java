package dev.parley.redis;

import reactor.core.publisher.Mono;

/** Channels on which messages arrive live: Redis' Pub/Sub, or a test's. Implementations are thread-safe and never block. */
public interface LiveChannels {

    /** Receives the messages of a channel or pattern, on the connection's event loop; it must not block. */
    interface Listener {

        /** A message arrived. The channel matters to listeners on a pattern. */
        void message(String channel, byte[] message);

        /** Redis acknowledged the subscription: the first time or again, after messages may have been lost. */
        default void acknowledged() {}
    }

    /**
     * Subscribes to a channel; one listener per channel.
     *
     * @return completes when Redis has acknowledged; the request is repeated until then. Hot: the subscription is made immediately and
     *     stays until {@link #unsubscribe}
     */
    Mono<Void> subscribe(String channel, Listener listener);

    /** Ends the subscription. Not awaited: messages that still arrive are dropped. */
    void unsubscribe(String channel);
}
