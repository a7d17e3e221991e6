package dev.parley.redis;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.RetryPolicy;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisException;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import io.lettuce.core.event.connection.ReconnectFailedEvent;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
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
 * The connections to one Redis: a shared one for commands, made when Redis is first reached and kept from then on, and dedicated ones for
 * Pub/Sub and for blocking reads. A connection with a pending command and no reply is closed ({@link SilenceHandler}) and made again.
 *
 * <p>Results arrive on Lettuce's event loop: nothing may block there. Commands that can't be sent, time out, or are rejected for a
 * temporary reason fail with a {@link ParleyException} {@code unavailable}. One that finds a key of another type fails with {@code
 * conflict} ({@link ForeignKey}). A command that Redis itself rejects otherwise fails with Lettuce's exception.
 */
public final class Redis {

    private static final Logger LOG = LoggerFactory.getLogger(Redis.class);

    private static final Pattern PASSING =
            Pattern.compile("\\b(OOM|READONLY|LOADING|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY)\\b");

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

    private final RedisTopology topology;
    private final RedisSettings settings;
    private final CallInterceptor guard;
    private final ClientResources resources;
    private final Connector connector;
    private final Sinks.Many<Boolean> up = Sinks.many().replay().latestOrDefault(false);
    private final Disposable.Swap connecting = Disposables.swap();
    private final Disposable.Swap reconnecting = Disposables.swap();
    private final LoginRefusals refusals = new LoginRefusals();
    private volatile Connector.@Nullable Link shared;

    public Redis(RedisTopology topology, String clientName, RedisSettings settings) {
        this(topology, clientName, settings, CallInterceptor.NONE);
    }

    /**
     * @param topology may differ from the settings' URI, because an embedded Redis has an address of its own
     * @param clientName as {@code CLIENT LIST} shows it
     * @param guard intercepts every {@link #call}
     */
    public Redis(RedisTopology topology, String clientName, RedisSettings settings, CallInterceptor guard) {
        this.topology = topology;
        this.settings = settings;
        this.guard = guard;
        this.resources = DefaultClientResources.builder()
                .reconnectDelay(
                        () -> Delay.fullJitter(Duration.ofMillis(20), Duration.ofSeconds(1), 20, TimeUnit.MILLISECONDS))
                .nettyCustomizer(SilenceHandler.everywhere(settings))
                .build();
        this.connector = Connector.of(topology, clientName, settings, resources);
    }

    public RedisTopology topology() {
        return topology;
    }

    /** Starts to connect, and keeps trying until {@link #close}. */
    public void open() {
        // Lettuce reconnects by itself, and reports the reason of a failure only here.
        reconnecting.update(resources
                .eventBus()
                .get()
                .ofType(ReconnectFailedEvent.class)
                .subscribe(failed -> refusals.add(failed.getCause())));
        connecting.update(connector
                .connect()
                .doOnError(e -> {
                    LOG.warn("Redis can't be reached yet: {}", rootMessage(e));
                    refusals.note(e);
                })
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .subscribe(this::connected));
    }

    private void connected(Connector.Link link) {
        if (!topology.sharded()) {
            watch(link);
        }
        shared = link;
        refusals.stands(true);
        up.emitNext(true, Sinks.EmitFailureHandler.busyLooping(Duration.ofSeconds(1)));
    }

    /**
     * Watches the shared connection. On a cluster each master has its own connections, which come and go, so there the probes tell which
     * masters answer.
     */
    private void watch(Connector.Link link) {
        link.connection().addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisConnected(RedisChannelHandler<?, ?> connection, SocketAddress address) {
                LOG.info("Redis is available again at {}", address);
                refusals.stands(true);
                up.emitNext(true, Sinks.EmitFailureHandler.busyLooping(Duration.ofSeconds(1)));
            }

            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
                refusals.stands(false);
                if (!connecting.isDisposed()) {
                    LOG.warn("The connection to Redis is lost; trying again");
                }
                up.emitNext(false, Sinks.EmitFailureHandler.busyLooping(Duration.ofSeconds(1)));
            }
        });
    }

    /**
     * The reason for which the server rejects the shared connection; null if that is open, or the server can't be reached. Not on a
     * cluster.
     */
    public @Nullable String refusedConnection() {
        return refusals.now();
    }

    /** The reason for which there was no connection yet. */
    String whyNotReached() {
        return refusals.orElse("Redis has not been reached yet");
    }

    /** Completes when the shared connection is open for the first time. */
    public Mono<Void> reached() {
        return up.asFlux().filter(now -> now).next().then();
    }

    /**
     * Whether the shared connection is open: the present state, then each change; on a cluster, whether it has been reached. An open
     * connection may still be silent: {@link Probes#masters()} knows better. Hot, never ends.
     */
    public Flux<Boolean> up() {
        return up.asFlux().distinctUntilChanged();
    }

    /** Ticks when any master is available again, according to the interceptor. Hot, never ends. */
    public Flux<?> back() {
        return guard.back();
    }

    /**
     * Runs a command on the shared connection. Cold; must not be a command that blocks in Redis.
     *
     * @param key one of the command's keys, or the channel that it publishes on: it selects the master
     */
    public <T> Flux<T> call(
            String key, Function<RedisClusterReactiveCommands<String, byte[]>, ? extends Publisher<T>> command) {
        return Flux.defer(() -> {
                    String master = connector.masterOf(key);
                    return master == null
                            ? Mono.<T>error(unavailable("Redis can't be reached: no master serves " + key + " now"))
                            : guard.around(master, unguarded(command));
                })
                .onErrorMap(Redis::isPassing, e -> unavailable("Redis rejects it for now: " + e.getMessage()))
                .onErrorMap(ForeignKey::isWhy, e -> ForeignKey.of(key));
    }

    /**
     * As {@link #call}, for a command whose answer may have megabytes. If that does not arrive in time the interceptor sees a {@link
     * LateAnswerException}, and the caller {@code unavailable} as always.
     */
    <T> Flux<T> callLarge(
            String key, Function<RedisClusterReactiveCommands<String, byte[]>, ? extends Publisher<T>> command) {
        return this.<T>call(
                        key,
                        commands -> Flux.from(command.apply(commands))
                                .onErrorMap(
                                        RedisCommandTimeoutException.class,
                                        e -> new LateAnswerException(rootMessage(e))))
                .onErrorMap(LateAnswerException.class, e -> unavailable("Redis took too long: " + e.getMessage()));
    }

    /** Runs a command with any key, without the interceptor: for tests of whether Redis is available. */
    <T> Flux<T> unguarded(Function<RedisClusterReactiveCommands<String, byte[]>, ? extends Publisher<T>> command) {
        return Flux.defer(() -> {
                    Connector.Link link = shared;
                    return link == null ? Mono.<T>error(unavailable(whyNotReached())) : command.apply(link.commands());
                })
                .onErrorMap(Redis::isUnavailable, e -> unavailable("Redis can't be reached: " + rootMessage(e)));
    }

    /** As {@link #call}, for a command with one answer. */
    public <T> Mono<T> callOne(String key, Function<RedisClusterReactiveCommands<String, byte[]>, Mono<T>> command) {
        return call(key, command).next();
    }

    /** The server's {@code INFO}, on a cluster of any node. Bypasses the interceptor. */
    public Mono<String> info() {
        return unguarded(commands -> commands.info()).next();
    }

    /** Pub/Sub for live channels of conversations, over connections of its own; the caller closes it. Sharded on a cluster. */
    public PubSub pubSub() {
        return new PubSub(connector.live(), settings.commandTimeout());
    }

    /** Pub/Sub for broadcast channels and patterns, over a connection of its own; the caller closes it. */
    public PubSub broadcasts() {
        return new PubSub(connector.broadcast(), settings.commandTimeout());
    }

    /** Each master's name and one of the slots that it serves; a single one without a cluster. */
    Map<String, Integer> masters() {
        return connector.masters();
    }

    /** Ticks when {@link #masters} may have changed. Hot, never ends. */
    Flux<?> changes() {
        return connector.live().changes();
    }

    /** The name of the master that serves a key, {@code host:port} on a cluster; null while no master does. Never blocks. */
    public @Nullable String masterOf(String key) {
        return connector.masterOf(key);
    }

    /** The same for a slot; without a cluster, the only server. */
    public @Nullable String masterOf(int slot) {
        return connector.masterOf(slot);
    }

    RedisSettings settings() {
        return settings;
    }

    /**
     * A dedicated connection for blocking reads, to the server that has a key: one attempt per subscription; closed when the Flux ends or
     * is cancelled. If the connection is lost, blocked commands fail, and nothing is sent again.
     */
    public <T> Flux<T> blocking(
            String key, Function<RedisClusterReactiveCommands<String, byte[]>, ? extends Publisher<T>> use) {
        return Flux.usingWhen(
                connector.connectTo(key),
                link -> use.apply(link.commands()),
                link -> Mono.fromCompletionStage(() -> link.connection().closeAsync()));
    }

    /** Closes all connections, in a few seconds. */
    public Mono<Void> close() {
        return Mono.defer(() -> {
                    connecting.dispose();
                    reconnecting.dispose();
                    // A cluster's client waits for its connections to close.
                    return Flux.fromIterable(connector.clients())
                            .concatMap(client -> Mono.fromCompletionStage(
                                            () -> client.shutdownAsync(0, 2, TimeUnit.SECONDS))
                                    // Lettuce's close never completes for a connection that is being made.
                                    .timeout(CLOSE_TIMEOUT, Mono.empty()))
                            .then();
                })
                .subscribeOn(Schedulers.boundedElastic())
                .then(Mono.<Void>fromRunnable(() -> {
                            // Lettuce's promise is Netty's, and its threads are not awaited. A connection that Lettuce
                            // is making meanwhile returns its buffer only if its loop still runs when it is registered.
                            var unused = resources.shutdown(200, 2_000, TimeUnit.MILLISECONDS);
                        })
                        // It takes locks, and the calling thread is one of the loops that it ends.
                        .subscribeOn(Schedulers.boundedElastic()));
    }

    /** Whether an error means that Redis is unavailable. A reset connection fails commands in progress with Netty's own exception. */
    private static boolean isUnavailable(Throwable e) {
        return e instanceof IOException
                || (e instanceof RedisException && !(e instanceof RedisCommandExecutionException));
    }

    private static boolean isPassing(Throwable e) {
        return e instanceof RedisCommandExecutionException && isPassing(e.getMessage());
    }

    /** Whether Redis rejects something now and may accept it later: it is starting, full, or has no master for the moment. */
    public static boolean isPassing(@Nullable String refusal) {
        return refusal != null && PASSING.matcher(refusal).find();
    }

    /**
     * Whether Redis rejects something until its configuration changes: a right is missing, a command was renamed, or it accepts no more
     * clients.
     */
    public static boolean isDenied(Throwable e) {
        return AclDenial.is(e);
    }

    static ParleyException unavailable(String message) {
        return ParleyException.of(ErrorCode.UNAVAILABLE, message);
    }

    /** The message of the innermost cause. */
    public static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
