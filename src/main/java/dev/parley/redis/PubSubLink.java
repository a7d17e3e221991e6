package dev.parley.redis;

import dev.parley.support.RetryPolicy;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.pubsub.RedisPubSubListener;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** One connection for Pub/Sub to one server: tries until it stands, and says once when it is lost. It is not made twice. */
final class PubSubLink {

    private static final Logger LOG = LoggerFactory.getLogger(PubSubLink.class);

    private final String shard;
    private final Consumer<PubSubLink> lost;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Sinks.One<StatefulRedisPubSubConnection<String, byte[]>> connection = Sinks.one();
    private final Disposable connecting;
    private volatile @Nullable StatefulRedisPubSubConnection<String, byte[]> made;

    /**
     * @param wait before the first attempt
     * @param listener made for this link, called on its event loop
     * @param lost told once, when the connection has stood and stands no more; not after {@link #close}
     */
    PubSubLink(
            String shard,
            Mono<StatefulRedisPubSubConnection<String, byte[]>> connect,
            Duration wait,
            Function<PubSubLink, RedisPubSubListener<String, byte[]>> listener,
            Consumer<PubSubLink> lost) {
        this.shard = shard;
        this.lost = lost;
        RedisPubSubListener<String, byte[]> told = listener.apply(this);
        this.connecting = connect.doOnError(e -> LOG.debug("Can't listen to {} yet: {}", shard, Redis.rootMessage(e)))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .delaySubscription(wait)
                .subscribe(stands -> watch(stands, told));
    }

    private void watch(
            StatefulRedisPubSubConnection<String, byte[]> stands, RedisPubSubListener<String, byte[]> listener) {
        made = stands;
        stands.addListener(listener);
        stands.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
                end();
            }
        });
        Sinks.EmitResult result = connection.tryEmitValue(stands);
        LOG.trace("{} stands: {}", shard, result);
        if (ended.get()) {
            hangUp(stands);
        } else if (!stands.isOpen()) {
            end();
        }
    }

    private void end() {
        if (ended.compareAndSet(false, true)) {
            lost.accept(this);
        }
    }

    String shard() {
        return shard;
    }

    /** Whether it has come to stand, and has not been lost. */
    boolean stands() {
        return made != null && !ended.get();
    }

    /** The connection, as soon as it stands. Fails never; stays silent when it is closed before. */
    Mono<StatefulRedisPubSubConnection<String, byte[]>> connection() {
        return connection.asMono();
    }

    /** Ends it; nobody is told. Not awaited. */
    void close() {
        ended.set(true);
        connecting.dispose();
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
