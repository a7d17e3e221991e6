package dev.parley.redis;

import dev.parley.support.RetryPolicy;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.pubsub.api.reactive.RedisPubSubReactiveCommands;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One connection for Pub/Sub and who listens on it. Channels are sharded ones on a cluster; patterns are broadcast everywhere.
 *
 * <p>Listeners are called on the connection's event loop and must not block: Redis drops a client that reads too slowly. After a
 * reconnect Lettuce subscribes again by itself; each acknowledgement is passed on, since messages were lost in between.
 */
public final class PubSub {

    private static final Logger LOG = LoggerFactory.getLogger(PubSub.class);

    /** Who listens on a channel or pattern. */
    public interface Listener {

        /** A message came. The channel matters to listeners on a pattern. */
        void message(String channel, byte[] message);

        /** Redis has acknowledged the subscription: the first time or again, after messages may have been lost. */
        default void acknowledged() {}
    }

    private record Subscription(Listener listener, Sinks.Empty<Void> acknowledged, Disposable.Swap asking) {}

    private final Map<String, Subscription> channels = new ConcurrentHashMap<>();
    private final Map<String, Subscription> patterns = new ConcurrentHashMap<>();
    private final AtomicLong acknowledgements = new AtomicLong();
    private final boolean sharded;
    private final Duration timeout;
    private final Mono<StatefulRedisPubSubConnection<String, byte[]>> connection;
    private final Disposable connecting;

    PubSub(Connector connector, boolean sharded, Duration timeout) {
        this.sharded = sharded;
        this.timeout = timeout;
        this.connection = connector
                .connectPubSub()
                .doOnNext(made -> made.addListener(new Dispatch()))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .cache();
        this.connecting = connection.subscribe();
    }

    /**
     * Listens on a channel; one listener a channel.
     *
     * @return completes when Redis has acknowledged; asks again until then. Hot: the subscription is made at once and stays until
     *     {@link #unsubscribe}
     */
    public Mono<Void> subscribe(String channel, Listener listener) {
        return listen(channels, channel, listener);
    }

    /** As {@link #subscribe}, for a pattern. */
    public Mono<Void> subscribePattern(String pattern, Listener listener) {
        return listen(patterns, pattern, listener);
    }

    private Mono<Void> listen(Map<String, Subscription> names, String name, Listener listener) {
        Subscription subscription = new Subscription(listener, Sinks.empty(), Disposables.swap());
        if (names.putIfAbsent(name, subscription) != null) {
            throw new IllegalStateException("there is a listener on " + name + " already");
        }
        ask(names, name, subscription);
        return subscription.acknowledged.asMono();
    }

    private void ask(Map<String, Subscription> names, String name, Subscription subscription) {
        subscription.asking.update(connection
                .flatMap(made -> subscribeCommand(made.reactive(), names, name).timeout(timeout))
                .doOnError(e -> LOG.debug("Could not subscribe to {}: {}", name, Redis.rootMessage(e)))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .subscribe());
    }

    private Mono<Void> subscribeCommand(
            RedisPubSubReactiveCommands<String, byte[]> commands, Map<String, Subscription> names, String name) {
        if (names == patterns) {
            return commands.psubscribe(name);
        }
        return sharded ? commands.ssubscribe(name) : commands.subscribe(name);
    }

    /** Stops listening on a channel. Not awaited: what still comes is dropped. */
    public void unsubscribe(String channel) {
        Subscription gone = channels.remove(channel);
        if (gone != null) {
            gone.asking.update(connection
                    .flatMap(made -> sharded
                            ? made.reactive().sunsubscribe(channel)
                            : made.reactive().unsubscribe(channel))
                    .onErrorComplete() // on a lost connection there is nothing to leave
                    .subscribe());
        }
    }

    /** How many subscriptions Redis has acknowledged, again after each reconnect. */
    public long acknowledgements() {
        return acknowledgements.get();
    }

    public Mono<Void> close() {
        return Mono.defer(() -> {
            channels.values().forEach(subscription -> subscription.asking.dispose());
            patterns.values().forEach(subscription -> subscription.asking.dispose());
            channels.clear();
            patterns.clear();
            if (connecting.isDisposed()) {
                return connection.flatMap(made -> Mono.fromCompletionStage(made::closeAsync));
            }
            connecting.dispose();
            return Mono.empty();
        });
    }

    private final class Dispatch extends RedisPubSubAdapter<String, byte[]> {

        @Override
        public void message(String channel, byte[] message) {
            deliver(channels.get(channel), channel, message);
        }

        @Override
        public void smessage(String channel, byte[] message) {
            deliver(channels.get(channel), channel, message);
        }

        @Override
        public void message(String pattern, String channel, byte[] message) {
            deliver(patterns.get(pattern), channel, message);
        }

        private void deliver(@Nullable Subscription to, String channel, byte[] message) {
            if (to == null) {
                return;
            }
            try {
                to.listener.message(channel, message);
            } catch (RuntimeException e) {
                LOG.error("A listener on {} failed", channel, e);
            }
        }

        @Override
        public void subscribed(String channel, long count) {
            acknowledge(channels.get(channel));
        }

        @Override
        public void ssubscribed(String channel, long count) {
            acknowledge(channels.get(channel));
        }

        @Override
        public void psubscribed(String pattern, long count) {
            acknowledge(patterns.get(pattern));
        }

        /** Redis leaves for us when a slot moves to another node. */
        @Override
        public void sunsubscribed(String channel, long count) {
            Subscription still = channels.get(channel);
            if (still != null) {
                ask(channels, channel, still);
            }
        }

        private void acknowledge(@Nullable Subscription to) {
            acknowledgements.incrementAndGet();
            if (to != null) {
                Sinks.EmitResult result = to.acknowledged.tryEmitEmpty();
                LOG.trace("acknowledged: {}", result);
                to.listener.acknowledged();
            }
        }
    }
}
