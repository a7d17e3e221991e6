package dev.parley.redis;

import dev.parley.support.RetryPolicy;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.pubsub.RedisPubSubListener;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.pubsub.api.reactive.RedisPubSubReactiveCommands;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** One Pub/Sub connection to one server. It tries until the connection is open, and reports its loss. It does not reconnect. */
final class PubSubLink {

    private static final Logger LOG = LoggerFactory.getLogger(PubSubLink.class);

    /** The user of a link. Each method is called at most once unless it says otherwise, on any thread. */
    interface Owner {

        /** The listener for its messages, called on its event loop. */
        RedisPubSubListener<String, byte[]> listener(PubSubLink link);

        /** The connection is open and accepts commands. */
        void stands(PubSubLink link);

        /** The server rejects the connection, for this reason; it is tried again. Called each time. */
        void refused(PubSubLink link, Throwable reason);

        /** The open connection was lost; not called after {@link #close}. */
        void lost(PubSubLink link);
    }

    private final String shard;
    private final Owner owner;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable StatefulRedisPubSubConnection<String, byte[]> made;

    PubSubLink(String shard, Owner owner) {
        this.shard = shard;
        this.owner = owner;
    }

    /**
     * Tries until the connection is open, or until the attempt after {@link #close}.
     *
     * @param wait before the first attempt
     */
    void open(Mono<StatefulRedisPubSubConnection<String, byte[]>> connect, Duration wait) {
        Disposable unused = connect.doOnError(e -> {
                    LOG.debug("Can't open a Pub/Sub connection to {} yet: {}", shard, Redis.rootMessage(e));
                    if (Redis.isDenied(e)) {
                        owner.refused(this, e);
                    }
                })
                .onErrorResume(e -> ended.get() ? Mono.empty() : Mono.error(e))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .delaySubscription(wait)
                .subscribe(this::watch);
    }

    private void watch(StatefulRedisPubSubConnection<String, byte[]> stands) {
        stands.addListener(owner.listener(this));
        stands.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
                end();
            }
        });
        made = stands;
        if (ended.get()) {
            hangUp(stands);
        } else if (stands.isOpen()) {
            owner.stands(this);
        } else {
            end();
        }
    }

    private void end() {
        if (ended.compareAndSet(false, true)) {
            owner.lost(this);
        }
    }

    String shard() {
        return shard;
    }

    boolean ended() {
        return ended.get();
    }

    /** The commands of the connection; null before it is open and after it has ended. */
    @Nullable
    RedisPubSubReactiveCommands<String, byte[]> commands() {
        StatefulRedisPubSubConnection<String, byte[]> stands = made;
        return stands == null || ended.get() ? null : stands.reactive();
    }

    /**
     * Closes the connection without a call of {@link Owner#lost}. Not awaited. An attempt in progress is not interrupted, because its
     * connection would remain.
     */
    void close() {
        ended.set(true);
        StatefulRedisPubSubConnection<String, byte[]> stands = made;
        if (stands != null) {
            hangUp(stands);
        }
    }

    private static void hangUp(StatefulRedisPubSubConnection<String, byte[]> stands) {
        var unused = stands.closeAsync().whenComplete((done, error) -> {
            if (error != null) {
                LOG.debug("A connection did not close gracefully: {}", Redis.rootMessage(error));
            }
        });
    }
}
