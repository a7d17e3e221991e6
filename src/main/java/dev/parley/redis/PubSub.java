package dev.parley.redis;

import dev.parley.support.LatestSubscription;
import dev.parley.support.LimitedLog;
import dev.parley.support.RetryPolicy;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.RedisPubSubListener;
import io.lettuce.core.pubsub.api.reactive.RedisPubSubReactiveCommands;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Pub/Sub over one connection, or for sharded channels of a cluster over one connection per master.
 *
 * <p>Listeners are called on the connection's event loop and must not block: Redis drops a client that reads too slowly. After a connection
 * is lost or {@link #replace replaced}, a new one subscribes to all its channels again. The same happens when a channel moves to another
 * master. Each acknowledgement is passed on, because messages were lost in between.
 */
public final class PubSub implements LiveChannels {

    private static final Logger LOG = LoggerFactory.getLogger(PubSub.class);

    /** Pause before the next connection, for a server that closes every one. */
    private static final Duration CALL_APART = Duration.ofMillis(500);

    private static final String CUT = "by Redis or by the network; Redis cuts one that is read too slowly"
            + " (client-output-buffer-limit pubsub), and its log says so. It is made again";

    private final LimitedLog lostLog = new LimitedLog(LOG, Duration.ofSeconds(10));

    private static final class Subscription {
        private final String name;
        private final boolean pattern;
        private final Listener listener;
        private final Sinks.Empty<Void> acknowledged = Sinks.empty();
        private final LatestSubscription asking = new LatestSubscription();
        private volatile @Nullable PubSubLink at;

        Subscription(String name, boolean pattern, Listener listener) {
            this.name = name;
            this.pattern = pattern;
            this.listener = listener;
        }
    }

    private final Map<String, Subscription> channels = new ConcurrentHashMap<>();
    private final Map<String, Subscription> patterns = new ConcurrentHashMap<>();
    private final Map<String, PubSubLink> links = new ConcurrentHashMap<>();
    private final Map<String, Long> called = new ConcurrentHashMap<>();
    private final AtomicLong acknowledgements = new AtomicLong();
    private final AtomicLong replacements = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final PubSubRefusals refusals = new PubSubRefusals();
    private final PubSubRouting shards;
    private final Duration timeout;
    private final PubSubLink.Owner owner = new Links();
    private final Disposable moving;
    private volatile boolean closed;

    PubSub(PubSubRouting shards, Duration timeout) {
        this.shards = shards;
        this.timeout = timeout;
        this.moving = shards.changes().subscribe(change -> moveHouse());
    }

    /** Whether the channels are sharded, so that publishers must use SPUBLISH. */
    public boolean sharded() {
        return shards.sharded();
    }

    @Override
    public Mono<Void> subscribe(String channel, Listener listener) {
        return listen(channels, new Subscription(channel, false, listener));
    }

    /** As {@link #subscribe}, for a pattern of broadcast channels. */
    public Mono<Void> subscribePattern(String pattern, Listener listener) {
        return listen(patterns, new Subscription(pattern, true, listener));
    }

    private Mono<Void> listen(Map<String, Subscription> names, Subscription subscription) {
        if (names.putIfAbsent(subscription.name, subscription) != null) {
            throw new IllegalStateException("there is a listener on " + subscription.name + " already");
        }
        ask(subscription);
        return subscription.acknowledged.asMono();
    }

    private void ask(Subscription subscription) {
        if (!closed) {
            subscription.asking.begin(() -> Mono.defer(() -> askAtHome(subscription))
                    .doOnError(e -> {
                        LOG.debug("Could not subscribe to {}: {}", subscription.name, Redis.rootMessage(e));
                        if (Redis.isDenied(e)) {
                            refusals.add(subscription.name, command(subscription) + " " + subscription.name, e);
                        }
                        shards.refresh();
                    })
                    .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                    .subscribe());
        }
    }

    private Mono<Void> askAtHome(Subscription subscription) {
        String home = shards.of(subscription.name);
        if (home == null) {
            return Mono.error(new IllegalStateException("no server serves it now"));
        }
        PubSubLink link = links.computeIfAbsent(home, this::call);
        PubSubLink before = subscription.at;
        subscription.at = link;
        if (link.ended() || links.get(home) != link) {
            links.remove(home, link);
            return Mono.error(new IllegalStateException("the connection has just ended"));
        }
        if (before != null && before != link) {
            leave(before, subscription.name);
        }
        RedisPubSubReactiveCommands<String, byte[]> commands = link.commands();
        // If it is not open yet, all its channels are subscribed to when it is.
        return commands == null
                ? Mono.empty()
                : subscribeCommand(commands, subscription)
                        .timeout(timeout)
                        .doOnError(PubSub::isTimeout, e -> giveUp(link));
    }

    private Mono<Void> subscribeCommand(RedisPubSubReactiveCommands<String, byte[]> commands, Subscription to) {
        if (to.pattern) {
            return commands.psubscribe(to.name);
        }
        return shards.sharded() ? commands.ssubscribe(to.name) : commands.subscribe(to.name);
    }

    private String command(Subscription of) {
        if (of.pattern) {
            return "PSUBSCRIBE";
        }
        return shards.sharded() ? "SSUBSCRIBE" : "SUBSCRIBE";
    }

    private PubSubLink call(String shard) {
        long now = System.nanoTime();
        Long before = called.put(shard, now);
        boolean soon = before != null && now - before < CALL_APART.toNanos();
        PubSubLink link = new PubSubLink(shard, owner);
        link.open(shards.connect(shard).doOnError(e -> shards.refresh()), soon ? CALL_APART : Duration.ZERO);
        return link;
    }

    private void lost(PubSubLink link) {
        if (links.remove(link.shard(), link)) {
            lost.incrementAndGet();
            lostLog.warn("A Pub/Sub connection was cut", link.shard(), CUT);
            hearElsewhere(link);
        }
    }

    private void giveUp(PubSubLink link) {
        if (links.remove(link.shard(), link)) {
            replacements.incrementAndGet();
            link.close();
            hearElsewhere(link);
        }
    }

    /** Subscribes to the channels of a lost connection on a new one. */
    private void hearElsewhere(PubSubLink gone) {
        if (!closed) {
            shards.refresh();
            askAll(gone);
        }
    }

    /**
     * Subscribes to all channels of a link that has opened, or was removed from the map: a concurrent subscriber then notices it itself.
     */
    private void askAll(PubSubLink link) {
        all().filter(subscription -> subscription.at == link).forEach(this::ask);
    }

    /** Moves channels that another master serves now, and closes connections without channels. */
    private void moveHouse() {
        all().forEach(subscription -> {
            PubSubLink at = subscription.at;
            String home = shards.of(subscription.name);
            if (home != null && (at == null || !at.shard().equals(home))) {
                ask(subscription);
            }
        });
        Set<PubSubLink> needed = new HashSet<>();
        all().forEach(subscription -> {
            PubSubLink at = subscription.at;
            if (at != null) {
                needed.add(at);
            }
        });
        links.forEach((shard, link) -> {
            if (!needed.contains(link) && links.remove(shard, link)) {
                link.close();
                askAll(link);
            }
        });
    }

    private Stream<Subscription> all() {
        return Stream.concat(channels.values().stream(), patterns.values().stream());
    }

    @Override
    public void unsubscribe(String channel) {
        Subscription gone = channels.remove(channel);
        if (gone != null) {
            gone.asking.dispose();
            refusals.remove(channel);
            PubSubLink at = gone.at;
            if (at != null) {
                leave(at, channel);
            }
        }
    }

    private void leave(PubSubLink link, String channel) {
        RedisPubSubReactiveCommands<String, byte[]> commands = link.commands();
        if (commands != null) {
            Disposable unused = (shards.sharded() ? commands.sunsubscribe(channel) : commands.unsubscribe(channel))
                    .timeout(timeout)
                    .onErrorComplete() // on a lost connection there is nothing to unsubscribe
                    .subscribe();
        }
    }

    /** Closes the open connection of a channel and makes another, because messages do not arrive on it. */
    public void replace(String channel) {
        Subscription subscription = channels.get(channel);
        PubSubLink link = subscription == null ? null : subscription.at;
        if (link != null && link.commands() != null) {
            giveUp(link);
        }
    }

    /**
     * Whether a command timed out. Messages on this connection are not replies, so a command without a reply shows that commands are lost.
     */
    private static boolean isTimeout(Throwable e) {
        return e instanceof TimeoutException || e instanceof RedisCommandTimeoutException;
    }

    /** Number of subscriptions that Redis acknowledged, again after each reconnect. */
    public long acknowledgements() {
        return acknowledgements.get();
    }

    /** Number of connections closed because no message arrived on them. */
    public long replacements() {
        return replacements.get();
    }

    /** Number of connections that Redis, or the network, has cut. */
    public long lost() {
        return lost.get();
    }

    /** Number of rejected connections and subscriptions; each is tried again. */
    public long refused() {
        return refusals.count();
    }

    /** The reason for which Redis permits no subscription to a channel or pattern, with its own error and advice; null if there is none. */
    public @Nullable String refusal(String name) {
        Subscription subscription = channels.getOrDefault(name, patterns.get(name));
        PubSubLink at = subscription == null ? null : subscription.at;
        String connection = at == null ? null : refusals.of(at.shard());
        return connection == null ? refusals.of(name) : connection;
    }

    public Mono<Void> close() {
        return Mono.fromRunnable(() -> {
            closed = true;
            moving.dispose();
            all().forEach(subscription -> subscription.asking.dispose());
            channels.clear();
            patterns.clear();
            List.copyOf(links.values()).forEach(PubSubLink::close);
            links.clear();
        });
    }

    private final class Links implements PubSubLink.Owner {

        @Override
        public RedisPubSubListener<String, byte[]> listener(PubSubLink link) {
            return new Dispatch(link);
        }

        @Override
        public void stands(PubSubLink link) {
            refusals.remove(link.shard());
            askAll(link);
        }

        @Override
        public void refused(PubSubLink link, Throwable reason) {
            refusals.add(link.shard(), "a Pub/Sub connection", reason);
        }

        @Override
        public void lost(PubSubLink link) {
            PubSub.this.lost(link);
        }
    }

    private final class Dispatch extends RedisPubSubAdapter<String, byte[]> {

        private final PubSubLink link;

        Dispatch(PubSubLink link) {
            this.link = link;
        }

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

        /** Redis unsubscribes this connection when a slot moves to another node. */
        @Override
        public void sunsubscribed(String channel, long count) {
            Subscription still = channels.get(channel);
            if (still != null && still.at == link) {
                shards.refresh();
                ask(still);
            }
        }

        private void acknowledge(@Nullable Subscription to) {
            if (to != null && to.at == link) {
                acknowledgements.incrementAndGet();
                refusals.remove(to.name);
                Sinks.EmitResult result = to.acknowledged.tryEmitEmpty();
                LOG.trace("acknowledged: {}", result);
                to.listener.acknowledged();
            }
        }
    }
}
