package dev.parley.hub;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.log.ConversationLog;
import dev.parley.outage.Queued;
import dev.parley.redis.Keys;
import dev.parley.redis.PubSub;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The conversations that have a socket on this node. Subscribes to a conversation's live channel with its first follower and leaves
 * it, after a linger, with its last. Thread-safe; nothing blocks.
 */
public final class Hub implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(Hub.class);

    /**
     * Bytes that may wait for one event loop: the connections to Redis may be faster than the sockets. What is durable and dropped beyond
     * that is read from the log.
     */
    private static final int MAX_WAITING = 32 << 20;

    private static final int CHECK_BATCH = 1_000;
    private static final Duration CHECK_SOON = Duration.ofMillis(20);

    private final ConversationLog log;
    private final PubSub live;
    private final Keys keys;
    private final HubSettings settings;
    private final Memory memory;
    private final Consumer<String> inboxPending;
    private final Map<String, Hosted> hosted = new ConcurrentHashMap<>();
    private final Set<Conversation> due = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean checkPlanned = new AtomicBoolean();
    private final Map<Executor, Mailbox<Input>> mailboxes = new ConcurrentHashMap<>();
    private final LongAdder repairs = new LongAdder();
    private final RunWatch watch;
    private final Disposable.Composite running = Disposables.composite();

    private record Hosted(Conversation conversation, AtomicInteger followers) {}

    /**
     * @param memory asked while Redis is away
     * @param inboxPending told a conversation of which a message may not have reached its agent's inbox
     */
    public Hub(
            ConversationLog log,
            PubSub live,
            Keys keys,
            HubSettings settings,
            Memory memory,
            Consumer<String> inboxPending) {
        this.log = log;
        this.memory = memory;
        this.live = live;
        this.keys = keys;
        this.settings = settings;
        this.inboxPending = inboxPending;
        this.watch = new RunWatch(log, settings.checkInterval(), this::hosts);
    }

    private List<Conversation> conversations() {
        return hosted.values().stream().map(Hosted::conversation).toList();
    }

    /**
     * Starts to compare last positions with the logs', so that even a lost last message is found, and to look for runs whose agents have
     * died.
     */
    public void open() {
        boolean added = running.add(Flux.interval(settings.checkInterval())
                .onBackpressureDrop()
                .concatMap(tick -> checkAll())
                .subscribe());
        if (!added || !running.add(watch)) {
            throw new IllegalStateException("the hub is closed");
        }
    }

    /**
     * Follows a conversation: the follower gets {@code subscribed}, then the missed events or a snapshot, then what comes.
     *
     * @param since the last position the follower has, as it wrote it; null for none
     * @return leaves
     */
    public Disposable follow(
            String conversation, Follower follower, Access access, @Nullable String ref, @Nullable String since) {
        Seat seat = new Seat(conversation, follower, access, ref, since);
        Hosted host = hosted.compute(conversation, (name, present) -> {
            Hosted one = present == null ? host(name, follower.loop()) : present;
            one.followers.incrementAndGet();
            return one;
        });
        host.conversation.tell(new Input.Join(host.conversation, seat));
        return () -> host.conversation.tell(new Input.Leave(host.conversation, seat));
    }

    Mono<Memory.Recalled> recall(String conversation, Access access) {
        return memory.recall(conversation, access);
    }

    private Hosted host(String name, Executor loop) {
        Mailbox<Input> mailbox =
                mailboxes.computeIfAbsent(loop, each -> new Mailbox<>(each, Input::size, Input::reach, MAX_WAITING));
        Conversation conversation = new Conversation(name, log, this, settings, mailbox);
        Mono<Void> unused = live.subscribe(keys.live(name), conversation);
        return new Hosted(conversation, new AtomicInteger());
    }

    /** Whether a conversation has followers here. Any thread. */
    public boolean hosts(String conversation) {
        return hosted.containsKey(conversation);
    }

    /**
     * Hands an ephemeral event to the sockets of its conversation, while not too many wait for that already. Any thread.
     *
     * @return whether it was taken
     */
    public boolean passOn(AgentEvent event) {
        Hosted host = hosted.get(event.conversation());
        return host != null && host.conversation.tellIfRoom(new Input.Ephemeral(host.conversation, event));
    }

    /**
     * Shows an event that waits for Redis to the sockets of its conversation. A conversation's events must come in their order; what
     * became of each is told by {@link #placed} or {@link #refused}.
     *
     * @param behind the id of the one that waits before it: it is shown only behind that; null where there is none
     */
    public void pending(Queued event, @Nullable String behind) {
        tell(event, conversation -> new Input.Waits(conversation, event, behind));
    }

    /** This node was told that the log has an event there, which it appended: if it is never heard of, Redis has lost it. */
    public void stored(String conversation, Position at) {
        Hosted host = hosted.get(conversation);
        if (host != null) {
            host.conversation.stored(at);
        }
    }

    /** An event that was pending is in the log; it may have come live before this. */
    public void placed(Queued event, Position position) {
        String id = Objects.requireNonNull(event.event().eventId());
        tell(event, conversation -> new Input.Placed(conversation, id, position));
    }

    /** An event that was pending will not be in the log: sockets that have been shown it get a snapshot. */
    public void refused(Queued event) {
        String id = Objects.requireNonNull(event.event().eventId());
        tell(event, conversation -> new Input.Refused(conversation, id));
    }

    private void tell(Queued event, Function<Conversation, Input> input) {
        Hosted host = hosted.get(event.event().conversation());
        if (host != null) {
            host.conversation.tell(input.apply(host.conversation));
        }
    }

    /** Redis was away: compares all last positions with the logs', now. */
    public void recheck() {
        track(checkAll());
    }

    /** Conversations hosted now. */
    public int size() {
        return hosted.size();
    }

    /** How often a conversation had to read its log because a live message was missing. */
    public long repairCount() {
        return repairs.sum();
    }

    @Override
    public void dispose() {
        running.dispose();
        hosted.values().forEach(host -> host.conversation.close());
    }

    // What conversations tell their hub.

    void repairStarts() {
        repairs.increment();
    }

    void inboxPending(String conversation) {
        inboxPending.accept(conversation);
    }

    void left(Conversation conversation) {
        Hosted host = hosted.get(conversation.name());
        if (host != null && host.conversation == conversation && host.followers.decrementAndGet() == 0) {
            later(settings.linger(), () -> retire(conversation.name()));
        }
    }

    private void retire(String name) {
        hosted.computeIfPresent(name, (same, host) -> {
            if (host.followers.get() > 0) {
                return host;
            }
            host.conversation.close();
            live.unsubscribe(keys.live(name));
            return null;
        });
    }

    /** Checks one soon, together with whatever else is due: after a reconnect that is everything. */
    void checkSoon(Conversation conversation) {
        due.add(conversation);
        if (checkPlanned.compareAndSet(false, true)) {
            later(CHECK_SOON, () -> {
                checkPlanned.set(false);
                List<Conversation> now = List.copyOf(due);
                now.forEach(due::remove);
                track(check(now));
            });
        }
    }

    private Mono<Void> checkAll() {
        return Mono.defer(() -> {
            List<Conversation> all = conversations();
            all.stream()
                    .filter(Conversation::hasEphemeralRuns)
                    .forEach(conversation -> conversation.tell(new Input.LookForLost(conversation)));
            return check(all);
        });
    }

    private Mono<Void> check(Collection<Conversation> conversations) {
        return Flux.fromIterable(conversations)
                .filter(conversation -> conversation.position() != null)
                .buffer(CHECK_BATCH)
                .concatMap(this::checkBatch)
                .then()
                .onErrorResume(e -> {
                    LOG.debug("Last positions could not be checked: {}", e.getMessage());
                    return Mono.empty();
                });
    }

    private Mono<Void> checkBatch(List<Conversation> batch) {
        Map<String, Check> checks = new HashMap<>();
        for (Conversation conversation : batch) {
            Position at = conversation.position();
            if (at != null) {
                checks.put(conversation.name(), new Check(conversation, at, conversation.stored()));
            }
        }
        return log.glance(checks.keySet())
                .concatMap(glances -> {
                    glances.forEach((name, glance) ->
                            Objects.requireNonNull(checks.get(name)).compare(glance.last()));
                    return watch.look(glances.entrySet().stream()
                            .filter(glance -> glance.getValue().runs())
                            .map(Map.Entry::getKey)
                            .toList());
                })
                .then();
    }

    /** Where a conversation was before its log was asked. */
    private record Check(Conversation conversation, Position at, Position stored) {

        void compare(Position last) {
            if (!at.equals(last) || stored.isAfter(last)) {
                conversation.tell(new Input.Checked(conversation, at, last, stored));
            }
        }
    }

    private void later(Duration delay, Runnable task) {
        track(Mono.delay(delay).doOnNext(now -> task.run()).then());
    }

    /** Runs something that is disposed with the hub, if it has not ended by then. */
    private void track(Mono<Void> task) {
        Disposable.Swap handle = Disposables.swap();
        boolean open = running.add(handle);
        if (open) {
            handle.update(task.doFinally(end -> running.remove(handle)).subscribe());
        }
    }

    static Refusal unavailable() {
        return Refusal.of(ErrorCode.UNAVAILABLE, "the conversation can't be read now: Redis can't be reached");
    }
}
