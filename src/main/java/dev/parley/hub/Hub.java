package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.redis.Keys;
import dev.parley.redis.LiveChannels;
import dev.parley.resilience.QueuedEvent;
import dev.parley.store.EventStore;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The conversations hosted on this node. Subscribes to a conversation's live channel with its first subscriber, and unsubscribes a linger
 * after its last one has left. Thread-safe; never blocks.
 */
public final class Hub implements Disposable {

    /**
     * Bytes that may wait for one event loop: the connections to Redis may be faster than the sockets. Live messages beyond that are
     * dropped; durable events are then read from the log.
     */
    private static final int MAX_WAITING = 32 << 20;

    /** Bytes that may wait for one subscriber by {@link #follow}. */
    static final int MAX_BUFFERED = 1 << 20;

    private final EventStore log;
    private final LiveChannels live;
    private final Keys keys;
    private final HubSettings settings;
    private final SnapshotFallback archive;
    private final Consumer<String> inboxPending;
    private final LongSupplier nanos;
    private final Map<String, Hosted> hosted = new ConcurrentHashMap<>();
    private final Map<Executor, Mailbox<ConversationTask>> mailboxes = new ConcurrentHashMap<>();
    private final LongAdder repairs = new LongAdder();
    private final RunReaperSchedule runs;
    private final PositionChecks checks;
    private final ConversationHost host = new Host();
    private final SharedReads reads;
    private final Disposable.Composite running = Disposables.composite();
    private final Sinks.Empty<Void> disposed = Sinks.empty();
    /** Threads of Reactor's parallel scheduler, for subscribers by {@link #follow}, which have no event loop of their own. */
    private final List<Executor> loops;

    /**
     * @param subscriptions number of open subscriptions
     * @param linger timer that ends the hosting, restarted whenever the last subscription ends
     */
    private record Hosted(Conversation conversation, AtomicInteger subscriptions, Disposable.Swap linger) {}

    /**
     * @param archive asked while Redis is unavailable
     * @param inboxPending receives a conversation with a message that may not have reached its agent's inbox
     */
    public Hub(
            EventStore log,
            LiveChannels live,
            Keys keys,
            HubSettings settings,
            SnapshotFallback archive,
            Consumer<String> inboxPending) {
        this(log, live, keys, settings, archive, inboxPending, System::nanoTime);
    }

    /** @param nanos the clock for the leases of ephemeral runs, such as {@link System#nanoTime} */
    Hub(
            EventStore log,
            LiveChannels live,
            Keys keys,
            HubSettings settings,
            SnapshotFallback archive,
            Consumer<String> inboxPending,
            LongSupplier nanos) {
        this.nanos = nanos;
        this.log = log;
        this.reads = new SharedReads(log::join, log::masterOf);
        this.archive = archive;
        this.live = live;
        this.keys = keys;
        this.settings = settings;
        this.inboxPending = inboxPending;
        this.runs = new RunReaperSchedule(log, settings.hub().checkInterval(), this::hosts);
        this.checks = new PositionChecks(log, runs, this::find);
        this.loops =
                Stream.generate(this::loop).limit(Schedulers.DEFAULT_POOL_SIZE).toList();
    }

    private Executor loop() {
        Scheduler.Worker worker = Schedulers.parallel().createWorker();
        boolean unusedOnceClosed = running.add(worker);
        return worker::schedule;
    }

    private @Nullable Conversation find(String conversation) {
        Hosted one = hosted.get(conversation);
        return one == null ? null : one.conversation;
    }

    private List<Conversation> conversations() {
        return hosted.values().stream().map(Hosted::conversation).toList();
    }

    /**
     * Starts the periodic work: comparing last positions with the logs', so that even a lost last message is found, and ending runs whose
     * agents have died.
     */
    public void open() {
        Disposable ticks = Flux.interval(settings.hub().checkInterval())
                .onBackpressureDrop()
                .concatMap(tick -> checkAll())
                .subscribe();
        Disposable losses = log.losses()
                .news()
                .subscribe(loss -> conversations()
                        .forEach(conversation -> conversation.enqueue("stream loss", conversation::onStreamLoss)));
        if (!running.add(Disposables.composite(ticks, losses, runs))) {
            throw new IllegalStateException("the hub is closed");
        }
    }

    /**
     * Follows a conversation: {@link Delivery.Subscribed}, then the missed events or a {@link Delivery.Snapshot}, then new ones. If events
     * were lost, it begins again with another {@code Subscribed} that says so.
     *
     * <p>Cold: each subscription is independent until it is cancelled. On demand: deliveries without demand wait, at most {@value
     * #MAX_BUFFERED} bytes or one larger snapshot. A subscription with more waiting fails with {@code overloaded}; ephemeral events are
     * dropped first. Emits on a thread of Reactor's parallel scheduler, or on the thread that demands.
     *
     * @param since the last position of the client, as it wrote it; null for none
     * @return completes when the hub is disposed; fails with {@link dev.parley.error.ParleyException}: {@code not_found} or {@code
     *     conflict} when the conversation is not this principal's, {@code unavailable} when it can't be read now
     */
    public Flux<Delivery> follow(String conversation, @Nullable String since, Access access) {
        return Flux.defer(() -> {
            Executor loop = loops.get(Math.floorMod(conversation.hashCode(), loops.size()));
            BufferedSubscriber subscriber = new BufferedSubscriber(loop, MAX_BUFFERED);
            subscriber.subscribed(subscribe(conversation, subscriber, access, null, since));
            return subscriber.deliveries().takeUntilOther(disposed.asMono());
        });
    }

    /**
     * Follows a conversation without a buffer. The subscriber receives what {@link #follow} emits.
     *
     * @param ref the JSON scalar that the first answer echoes; null for none
     * @param since the last position of the client, as it wrote it; null for none
     * @return ends the subscription
     */
    public Disposable subscribe(
            String conversation, Subscriber subscriber, Access access, @Nullable String ref, @Nullable String since) {
        Hosted host = hosted.compute(conversation, (name, present) -> {
            Hosted one = present == null ? host(name, subscriber.loop()) : present;
            one.subscriptions.incrementAndGet();
            return one;
        });
        Conversation to = host.conversation;
        Subscription subscription = new Subscription(conversation, subscriber, access, ref, since, to::enqueue);
        to.enqueue("subscribe", () -> to.subscribe(subscription));
        return () -> to.enqueue("unsubscribe", () -> to.unsubscribe(subscription));
    }

    private Hosted host(String name, Executor loop) {
        Mailbox<ConversationTask> mailbox = mailboxes.computeIfAbsent(
                loop, each -> new Mailbox<>(each, ConversationTask::bytes, ConversationTask::run, MAX_WAITING));
        Conversation conversation = new Conversation(name, reads, host, settings, nanos, mailbox);
        Mono<Void> unused = live.subscribe(keys.live(name), conversation);
        Disposable.Swap linger = Disposables.swap();
        boolean unusedOnceClosed = running.add(linger);
        return new Hosted(conversation, new AtomicInteger(), linger);
    }

    /** Whether a conversation is hosted here. Any thread. */
    public boolean hosts(String conversation) {
        return hosted.containsKey(conversation);
    }

    /**
     * Delivers an ephemeral event to the subscribers of its conversation, unless too much waits already. Any thread.
     *
     * @return whether it was accepted
     */
    public boolean publishEphemeral(AgentEvent event) {
        Conversation to = find(event.conversation());
        return to != null
                && to.enqueueIfRoom("ephemeral event", event.bytes().length, () -> to.publishEphemeral(event));
    }

    /**
     * Shows a queued event to the subscribers of its conversation. A conversation's events must come in order; {@link #placed} or {@link
     * #refused} reports the outcome of each.
     *
     * @param previous the id of the event queued before it: this one is shown only after that; null if there is none
     */
    public void pending(QueuedEvent event, @Nullable String previous) {
        enqueue("pending event", event, conversation -> conversation.onQueued(event, previous));
    }

    /** This node has appended an event at that position: if it never arrives live, Redis has lost it. */
    public void stored(String conversation, Position at) {
        Conversation to = find(conversation);
        if (to != null) {
            to.stored(at);
        }
    }

    /** An event that was pending is in the log; it may have come live before this. */
    public void placed(QueuedEvent event, Position position) {
        String id = Objects.requireNonNull(event.event().eventId());
        enqueue("placed event", event, conversation -> conversation.onPlaced(id, position));
    }

    /** A pending event will not be in the log: subscribers that were shown it receive a snapshot. */
    public void refused(QueuedEvent event) {
        String id = Objects.requireNonNull(event.event().eventId());
        enqueue("refused event", event, conversation -> conversation.onRefused(id));
    }

    private void enqueue(String task, QueuedEvent event, Consumer<Conversation> action) {
        Conversation to = find(event.event().conversation());
        if (to != null) {
            to.enqueue(task, () -> action.accept(to));
        }
    }

    /** Redis is available again: compares all last positions with the logs' immediately. */
    public void recheck() {
        track(checkAll());
    }

    /** Number of hosted conversations. */
    public int size() {
        return hosted.size();
    }

    /** Number of reads of a log because a live message was missing. */
    public long repairCount() {
        return repairs.sum();
    }

    @Override
    public void dispose() {
        var unused = disposed.tryEmitEmpty();
        running.dispose();
        conversations().forEach(Conversation::close);
        reads.dispose();
    }

    /** What conversations need from their hub. */
    private final class Host implements ConversationHost {

        @Override
        public void repairStarts() {
            repairs.increment();
        }

        @Override
        public void inboxPending(String conversation) {
            inboxPending.accept(conversation);
        }

        @Override
        public void left(String conversation) {
            Hosted host = Objects.requireNonNull(hosted.get(conversation));
            if (host.subscriptions.decrementAndGet() == 0) {
                host.linger.update(Mono.delay(settings.hub().linger()).subscribe(over -> retire(conversation)));
            }
        }

        @Override
        public void checkSoon(String conversation) {
            track(checks.soon(conversation));
        }

        @Override
        public Mono<SnapshotFallback.Recalled> recall(String conversation, Access access) {
            return archive.recall(conversation, access);
        }
    }

    private void retire(String name) {
        hosted.computeIfPresent(name, (same, host) -> {
            if (host.subscriptions.get() > 0) {
                return host;
            }
            host.conversation.close();
            live.unsubscribe(keys.live(name));
            running.remove(host.linger);
            host.linger.dispose();
            return null;
        });
    }

    private Mono<Void> checkAll() {
        return Mono.defer(() -> {
            conversations().stream()
                    .filter(Conversation::hasEphemeralRuns)
                    .forEach(conversation -> conversation.enqueue("lost runs", conversation::endLostRuns));
            return checks.all(hosted.keySet());
        });
    }

    /** Runs a task that is cancelled with the hub. */
    private void track(Mono<Void> task) {
        Disposable.Swap handle = Disposables.swap();
        boolean open = running.add(handle);
        if (open) {
            handle.update(task.doFinally(end -> running.remove(handle)).subscribe());
        }
    }
}
