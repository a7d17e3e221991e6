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

/** One connection for Pub/Sub to one server: tries until it stands, and says when it is lost. It is not made twice. */
final class PubSubLink {

    private static final Logger LOG = LoggerFactory.getLogger(PubSubLink.class);

    /** Who uses it. Told each once at most unless it says otherwise, on whatever thread. */
    interface Owner {

        /** Listens on it, on its event loop. */
        RedisPubSubListener<String, byte[]> listener(PubSubLink link);

        /** It can be asked now. */
        void stands(PubSubLink link);

        /** The server takes no connection, for this reason; tried again. Told each time. */
        void refused(PubSubLink link, Throwable reason);

        /** It has stood and stands no more; not told after {@link #close}. */
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
     * Tries until it stands, or until the attempt after {@link #close}.
     *
     * @param wait before the first attempt
     */
    void open(Mono<StatefulRedisPubSubConnection<String, byte[]>> connect, Duration wait) {
        Disposable unused = connect.doOnError(e -> {
                    LOG.debug("Can't listen to {} yet: {}", shard, Redis.rootMessage(e));
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

    /** What can be asked; null before it stands and after it has ended. */
    @Nullable
    RedisPubSubReactiveCommands<String, byte[]> commands() {
        StatefulRedisPubSubConnection<String, byte[]> stands = made;
        return stands == null || ended.get() ? null : stands.reactive();
    }

    /** Ends it; nobody is told. Not awaited. An attempt that is under way is not cut off: what it makes would stay. */
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
                LOG.debug("A connection did not close in order: {}", Redis.rootMessage(error));
            }
        });
    }
}
