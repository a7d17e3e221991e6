package dev.parley.redis;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.support.RetryPolicy;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisException;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The connections to one Redis: a shared one for commands, made when Redis can first be reached and kept for ever after, and
 * dedicated ones for Pub/Sub and for blocking reads.
 *
 * <p>Results come on Lettuce's event loop: nothing may block there. Commands that can't be sent, or time out, fail with a
 * {@link Refusal} {@code unavailable}; a command that Redis itself refuses fails with Lettuce's exception.
 */
public final class Redis {

    private static final Logger LOG = LoggerFactory.getLogger(Redis.class);

    private final RedisTopology topology;
    private final RedisSettings settings;
    private final Guard guard;
    private final ClientResources resources;
    private final Connector connector;
    private final Sinks.Many<Boolean> up = Sinks.many().replay().latestOrDefault(false);
    private final Disposable.Swap connecting = Disposables.swap();
    private volatile Connector.@Nullable Link shared;

    public Redis(RedisTopology topology, RedisSettings settings) {
        this(topology, settings, Guard.NONE);
    }

    /** @param guard stands around every {@link #call} */
    public Redis(RedisTopology topology, RedisSettings settings, Guard guard) {
        this.topology = topology;
        this.settings = settings;
        this.guard = guard;
        this.resources = DefaultClientResources.builder()
                .reconnectDelay(
                        () -> Delay.fullJitter(Duration.ofMillis(20), Duration.ofSeconds(1), 20, TimeUnit.MILLISECONDS))
                .build();
        this.connector = Connector.of(topology, settings, resources);
    }

    public RedisTopology topology() {
        return topology;
    }

    /** Starts to connect, and goes on trying until {@link #close}. */
    public void open() {
        connecting.update(connector
                .connect()
                .doOnError(e -> LOG.warn("Redis can't be reached yet: {}", rootMessage(e)))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .subscribe(this::connected));
    }

    private void connected(Connector.Link link) {
        link.connection().addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisConnected(RedisChannelHandler<?, ?> connection, SocketAddress address) {
                LOG.info("Redis is back at {}", address);
                up.emitNext(true, Sinks.EmitFailureHandler.busyLooping(Duration.ofSeconds(1)));
            }

            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
                if (!connecting.isDisposed()) {
                    LOG.warn("The connection to Redis is lost; trying again");
                }
                up.emitNext(false, Sinks.EmitFailureHandler.busyLooping(Duration.ofSeconds(1)));
            }
        });
        shared = link;
        up.emitNext(true, Sinks.EmitFailureHandler.busyLooping(Duration.ofSeconds(1)));
    }

    /** Completes when the shared connection stands for the first time. */
    public Mono<Void> reached() {
        return up.asFlux().filter(now -> now).next().then();
    }

    /** Whether the shared connection stands: the present state, then each change. Hot, never ends. */
    public Flux<Boolean> up() {
        return up.asFlux().distinctUntilChanged();
    }

    /** Runs a command on the shared connection. Cold; nothing that blocks in Redis may be sent here. */
    public <T> Flux<T> call(Function<RedisClusterReactiveCommands<String, byte[]>, ? extends Publisher<T>> command) {
        return Flux.from(guard.around(unguarded(command)));
    }

    private <T> Flux<T> unguarded(
            Function<RedisClusterReactiveCommands<String, byte[]>, ? extends Publisher<T>> command) {
        return Flux.defer(() -> {
                    Connector.Link link = shared;
                    return link == null
                            ? Mono.<T>error(unavailable("Redis has not been reached yet"))
                            : command.apply(link.commands());
                })
                .onErrorMap(Redis::isUnavailable, e -> unavailable("Redis can't be reached: " + rootMessage(e)));
    }

    /** As {@link #call}, for a command with one answer. */
    public <T> Mono<T> callOne(Function<RedisClusterReactiveCommands<String, byte[]>, Mono<T>> command) {
        return call(command).next();
    }

    /** Asks for a sign of life on the shared connection, past the guard. */
    public Mono<Void> ping() {
        return this.<String>unguarded(RedisClusterReactiveCommands::ping).then();
    }

    /** A connection of its own for Pub/Sub, which the caller closes. Starts to connect at once and goes on trying. */
    public PubSub pubSub() {
        return new PubSub(connector, topology.sharded(), settings.commandTimeout());
    }

    /** A connection of its own for blocking reads: an attempt for each subscription; closed when the Flux is cancelled. */
    public <T> Flux<T> blocking(Function<RedisClusterReactiveCommands<String, byte[]>, ? extends Publisher<T>> use) {
        return Flux.usingWhen(
                connector.connect(),
                link -> use.apply(link.commands()),
                link -> Mono.fromCompletionStage(() -> link.connection().closeAsync()));
    }

    /** Closes all connections. */
    public Mono<Void> close() {
        return Mono.defer(() -> {
                    connecting.dispose();
                    return Mono.fromCompletionStage(() -> connector.client().shutdownAsync(0, 2, TimeUnit.SECONDS));
                })
                .then(Mono.<Void>fromRunnable(() -> {
                            // Lettuce's promise is Netty's; nobody waits for its threads to end.
                            var unused = resources.shutdown(0, 2, TimeUnit.SECONDS);
                        })
                        // It takes locks, and this is one of the loops that it ends.
                        .subscribeOn(Schedulers.boundedElastic()));
    }

    private static boolean isUnavailable(Throwable e) {
        return e instanceof RedisException && !(e instanceof RedisCommandExecutionException);
    }

    private static Refusal unavailable(String message) {
        return Refusal.of(ErrorCode.UNAVAILABLE, message);
    }

    static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
