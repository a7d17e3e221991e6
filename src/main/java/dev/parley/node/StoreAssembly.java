package dev.parley.node;

import dev.parley.auth.AuditListener;
import dev.parley.config.GatewayConfig;
import dev.parley.hub.Hub;
import dev.parley.hub.SnapshotFallback;
import dev.parley.inbox.InboxDelivery;
import dev.parley.inbox.InboxRepair;
import dev.parley.inbox.UserMessages;
import dev.parley.ingest.PubSubSource;
import dev.parley.ingest.StreamSources;
import dev.parley.publish.Publisher;
import dev.parley.resilience.QueuedEvent;
import dev.parley.resilience.RedisCircuitBreakers;
import dev.parley.resilience.SpillFile;
import dev.parley.session.PythonSessions;
import dev.parley.session.SessionView;
import dev.parley.session.Sessions;
import dev.parley.store.RedisEventStore;
import dev.parley.store.SessionMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** Assembles conversations: their logs, the hub, the publisher, and the sessions. */
final class StoreAssembly {

    private static final int REPAIRS_AT_ONCE = 16;
    /** A page is sent when at most a quarter of the outbox is used, so it always fits. */
    private static final int PAGES_IN_AN_OUTBOX = 4;

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);
    /** Time after the drain for commands in flight: their events are in the log, or answered as queued. */
    private static final Duration UNDER_WAY = Duration.ofMillis(500);

    private final GatewayConfig config;
    private final RedisAssembly redis;
    private final RedisEventStore store;
    private final InboxRepair repair;
    private final Hub hub;
    private final SpillRecovery spilled;
    private final List<QueuedEvent> left;
    private final Publisher publisher;
    private final Sessions sessions;
    private final UserMessages messages;
    private final PubSubSource pubSubSource;
    private final StreamSources streams;
    private volatile boolean listening;

    /** Blocks: reads what an earlier process has spilled. */
    StoreAssembly(
            GatewayConfig config,
            RedisAssembly redis,
            RecordAssembly record,
            CacheAssembly cache,
            AuditListener witness) {
        this.config = config;
        this.redis = redis;
        store = new RedisEventStore(
                redis.redis(),
                redis.keys(),
                config,
                config.websocket().outbox().bytes() / PAGES_IN_AN_OUTBOX,
                cache.recorder(),
                new PythonSessions(redis.redis(), redis.keys(), config));
        InboxDelivery delivery = new InboxDelivery(redis.redis(), redis.keys(), store);
        repair = new InboxRepair(delivery, REPAIRS_AT_ONCE);
        hub = new Hub(
                store,
                redis.live(),
                redis.keys(),
                config,
                (conversation, access) -> record.archive()
                        .newest(conversation, access, config.sessions().messages())
                        .map(StoreAssembly::recalled),
                repair::add);
        spilled = new SpillRecovery(new SpillFile(Path.of(config.data().directory())));
        left = spilled.read();
        publisher = new Publisher(
                store,
                new PublishEvents(hub, delivery),
                config.outage().queue().bytes(),
                config.outage().maxAge(),
                left);
        sessions = new Sessions(redis.redis(), redis.keys(), store, record.archive(), witness, publisher::isQueued);
        messages = new UserMessages(
                store,
                publisher,
                sessions,
                delivery,
                config.sessions().defaultAgent(),
                config.inbox().max(),
                witness,
                cache.inline());
        pubSubSource = new PubSubSource(hub::hosts, hub::publishEphemeral);
        streams = new StreamSources(
                redis.redis(),
                redis.keys(),
                store,
                config.node(),
                config.ingest().streams().orElseGet(List::of).stream()
                        .map(redis.keys()::stream)
                        .toList(),
                config.ingest(),
                hub::stored);
    }

    private static SnapshotFallback.Recalled recalled(SessionView read) {
        String messages = read.messages().stream().map(SessionMessage::json).collect(Collectors.joining(",", "[", "]"));
        return new SnapshotFallback.Recalled(read.session().snapshotJson(), messages);
    }

    /** A master has become available or unavailable. */
    void changed(RedisCircuitBreakers.Change change) {
        if (change.closed()) {
            store.redisIsBack();
            publisher.resume(change.master());
            hub.recheck();
        } else {
            publisher.suspend(change.master());
        }
    }

    void start(Lifecycle lifecycle) {
        lifecycle.start("the repair of inboxes", () -> repair, CLOSE_LIMIT);
        if (!left.isEmpty()) {
            lifecycle.start(
                    "the queue of an earlier run",
                    () -> spilled.deleteWhen(publisher.caughtUp()).subscribe(),
                    CLOSE_LIMIT);
        }
        lifecycle.start(
                "the hub",
                () -> {
                    store.losses().open(redis.channels());
                    hub.open();
                },
                () -> Mono.fromRunnable(hub::dispose),
                CLOSE_LIMIT);
        lifecycle.start("the agents' channels", this::listen, CLOSE_LIMIT);
        lifecycle.start("the agents' streams", streams::open, streams::close, CLOSE_LIMIT);
    }

    private Disposable listen() {
        if (!config.ingest().channels()) {
            listening = true;
            return Disposables.disposed();
        }
        return pubSubSource
                .open(redis.channels(), redis.keys().channelPattern())
                .subscribe(null, null, () -> listening = true);
    }

    /**
     * Appends queued events, and spills the rest for the next start. Cold.
     *
     * @param drained completes when nobody publishes through this node any more
     * @param drain time limit for that, and for appending
     * @return whether no accepted event is lost
     */
    Mono<Boolean> drain(Mono<Void> drained, Duration drain) {
        return drained.then(publisher.idle())
                .timeout(drain, Mono.empty())
                .then(publisher.stop(UNDER_WAY))
                .flatMap(spilled::write);
    }

    RedisEventStore store() {
        return store;
    }

    Hub hub() {
        return hub;
    }

    Publisher publisher() {
        return publisher;
    }

    Sessions sessions() {
        return sessions;
    }

    UserMessages messages() {
        return messages;
    }

    PubSubSource pubSubSource() {
        return pubSubSource;
    }

    StreamSources streams() {
        return streams;
    }

    /** The reason why the node is not ready; null while it reads its streams, or has none. */
    @Nullable
    String streamsTrouble() {
        String refused = streams.isEmpty() ? null : redis.probes().refusedToStreams();
        return refused == null ? streams.trouble() : refused;
    }

    /** The reason why the node is not ready; null while it receives the agents' channels, or is not configured to. */
    @Nullable
    String channelsTrouble() {
        String refused = redis.channels().refusal(redis.keys().channelPattern());
        if (refused != null) {
            return refused;
        }
        return listening ? redis.probes().deaf(redis.channels()) : "Redis has not acknowledged the subscription yet";
    }
}
