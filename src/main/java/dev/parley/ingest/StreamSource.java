package dev.parley.ingest;

import dev.parley.event.InvalidEventException;
import dev.parley.event.Position;
import dev.parley.frame.Refusal;
import dev.parley.log.Append;
import dev.parley.log.Appended;
import dev.parley.log.ConversationLog;
import dev.parley.log.Outcome;
import dev.parley.redis.Redis;
import dev.parley.support.LimitedLog;
import dev.parley.support.RetryPolicy;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Reads one durable stream for the consumer group {@code gateway} and appends its entries to the conversations' logs. The group's
 * last-delivered id is moved when entries are in the log, and reading begins behind it: whatever fails is read again, in order, and the
 * log refuses an entry that it has. Several nodes may be told to read a stream: the one that holds its {@link Lease} does, the others
 * stand by. Of several streams a node takes its {@link Share}, and gives up what is above it.
 *
 * <p>It waits for new entries on a connection of its own, with a plain XREAD: everything else goes over the shared connection.
 */
final class StreamSource implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamSource.class);

    private static final String NOTHING = "";
    private static final Batch NO_BATCH = new Batch(List.of(), NOTHING);

    /** How often a node says at least that it would read a stream, and looks how the stream's lease stands. */
    private static final Duration SLOWEST_BEAT = Duration.ofMillis(500);

    /** A lease that runs out at this moment is gone a moment later. */
    private static final Duration MOMENT = Duration.ofMillis(5);

    /** What a read should bring at most; how many entries that is, the last read tells. */
    private static final int READ_BYTES = 4 << 20;

    private static final int FIRST_READ = 100;

    private final Redis redis;
    private final ConversationLog log;
    private final Lease lease;
    private final Share share;
    private final BiConsumer<String, Position> stored;
    private final DeadLetters deadLetters;
    private final Refusals refusals;
    private final String stream;
    private final StreamSettings settings;
    private final Duration beat;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder appended = new LongAdder();
    private final LongAdder dead = new LongAdder();
    private final LongAdder passedOver = new LongAdder();
    private final Disposable.Swap running = Disposables.swap();
    private volatile boolean leading;

    // Touched by one step at a time.
    private String cursor = "0-0";
    private int count = FIRST_READ;
    private long lastBeat;
    private @Nullable Long freeSince;

    /**
     * @param node this node's name
     * @param stream the stream's key, prefix included
     * @param stored told each conversation and position that an entry was appended at; must not block
     */
    StreamSource(
            Redis redis,
            ConversationLog log,
            String node,
            String stream,
            StreamSettings settings,
            Share share,
            BiConsumer<String, Position> stored) {
        this.redis = redis;
        this.log = log;
        this.stream = stream;
        this.settings = settings;
        this.share = share;
        this.stored = stored;
        this.lease = new Lease(redis, stream, node, settings.lease());
        this.deadLetters = new DeadLetters(redis, stream);
        this.refusals = new Refusals(redis, stream);
        this.beat = least(settings.lease().dividedBy(4), SLOWEST_BEAT);
    }

    /** Reads until {@link #dispose}. */
    void open() {
        running.update(redis.reached()
                .thenMany(redis.blocking(stream, this::readOn))
                .doOnError(e -> limited.warn("A durable stream can't be read now", stream, e.getMessage()))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .subscribe());
    }

    /** Whether it holds the lease, as far as it knows. */
    boolean reading() {
        return leading;
    }

    /** Entries appended, or found to be in the log already. */
    long appended() {
        return appended.sum();
    }

    /** Entries that neither the log nor the dead letters took. */
    long passedOver() {
        return passedOver.sum();
    }

    /** Entries that went to the dead letters. */
    long dead() {
        return dead.sum();
    }

    @Override
    public void dispose() {
        running.dispose();
    }

    /** Ends reading and lets another node in at once, if Redis can be told. */
    Mono<Void> close() {
        return Mono.fromRunnable(running::dispose).then(lease.leave()).onErrorComplete();
    }

    /**
     * What is under way.
     *
     * @param next read, and to be taken now
     * @param taken id of the last entry that is in the log and that the group has not been moved behind yet
     */
    private record Batch(List<Entry> next, String taken) {}

    private Flux<Batch> readOn(RedisClusterReactiveCommands<String, byte[]> waiting) {
        return Flux.defer(() -> {
            lost();
            return ensureGroup().then(begin()).expand(batch -> step(waiting, batch));
        });
    }

    private void lost() {
        leading = false;
        share.free(stream);
    }

    /** Takes a batch, and emits the one after it. */
    private Mono<Batch> step(RedisClusterReactiveCommands<String, byte[]> waiting, Batch batch) {
        if (!leading) {
            return begin();
        }
        if (share.giveUp(stream)) {
            return handOver(batch);
        }
        Mono<Boolean> commit = commit(batch.taken);
        if (batch.next.isEmpty()) {
            return commit.flatMap(still -> still ? nothingThere(waiting).then(read()) : Mono.just(List.<Entry>of()))
                    .map(next -> new Batch(next, NOTHING));
        }
        // Redis moves the group behind the last batch and reads the next one while this one is being parsed.
        String last = batch.next.get(batch.next.size() - 1).id();
        Mono<Boolean> taking = Mono.defer(() -> take(batch.next)).thenReturn(true);
        return Mono.zip(commit, read(), taking).map(done -> new Batch(done.getT2(), last));
    }

    /** Renews the lease; emits whether it is still there. */
    private Mono<Boolean> commit(String taken) {
        return Mono.defer(() -> lease.commit(taken, beatIsDue())).map(state -> {
            share.heard(stream, state.nodes());
            boolean still = state instanceof Lease.State.Kept;
            if (!still) {
                lost();
            }
            return still;
        });
    }

    private boolean beatIsDue() {
        long now = System.nanoTime();
        boolean due = now - lastBeat >= beat.toNanos();
        if (due) {
            lastBeat = now;
        }
        return due;
    }

    /** Another node is to read on. What has been read and not taken here is read again there. */
    private Mono<Batch> handOver(Batch batch) {
        return commit(batch.taken).then(lease.release()).then(Mono.fromSupplier(() -> {
            lost();
            freeSince = System.nanoTime();
            return NO_BATCH;
        }));
    }

    /** Begins where the group stands when the lease is to be had, else stands by for a while. */
    private Mono<Batch> begin() {
        return Mono.defer(() -> lease.ask(share.reserve(stream) || nobodyWantsIt()))
                .flatMap(this::begun);
    }

    /** What nobody reads is read by whoever sees it for long enough, share or not: the nodes may have been given different streams. */
    private boolean nobodyWantsIt() {
        Long since = freeSince;
        return since != null && System.nanoTime() - since > settings.lease().toNanos();
    }

    private Mono<Batch> begun(Lease.State state) {
        share.heard(stream, state.nodes());
        if (state instanceof Lease.State.Taken taken) {
            freeSince = null;
            share.hold(stream);
            leading = true;
            cursor = taken.id();
            return read().map(next -> new Batch(next, NOTHING));
        }
        share.free(stream);
        if (state instanceof Lease.State.Held held) {
            freeSince = null;
            Duration left = held.left().isNegative() ? beat : held.left().plus(MOMENT);
            return Mono.delay(least(left, beat)).thenReturn(NO_BATCH);
        }
        if (share.reserve(stream)) {
            return begin();
        }
        if (freeSince == null) {
            freeSince = System.nanoTime();
        }
        return Mono.delay(beat.dividedBy(2)).thenReturn(NO_BATCH);
    }

    private Mono<List<Entry>> read() {
        return Mono.defer(() -> redis.call(
                                stream,
                                commands -> commands.xrange(
                                        stream,
                                        Range.from(Range.Boundary.excluding(cursor), Range.Boundary.unbounded()),
                                        Limit.from(Math.min(count, settings.batch()))))
                        .map(Entry::of)
                        .collectList())
                .doOnNext(this::readSoFar);
    }

    private void readSoFar(List<Entry> entries) {
        if (!entries.isEmpty()) {
            cursor = entries.get(entries.size() - 1).id();
            long bytes = entries.stream().mapToLong(Entry::bytes).sum();
            count = (int) Math.max(FIRST_READ, entries.size() * (long) READ_BYTES / Math.max(1, bytes));
        }
    }

    private Mono<Void> ensureGroup() {
        return redis.callOne(
                        stream,
                        commands -> commands.xgroupCreate(
                                XReadArgs.StreamOffset.from(stream, "0-0"),
                                Lease.GROUP,
                                XGroupCreateArgs.Builder.mkstream()))
                .onErrorResume(RedisCommandExecutionException.class, e -> isBusyGroup(e) ? Mono.empty() : Mono.error(e))
                .then();
    }

    /** The group is there already: the one error that is none. */
    private static boolean isBusyGroup(RedisCommandExecutionException e) {
        return e instanceof RedisBusyException
                || (e.getMessage() != null && e.getMessage().startsWith("BUSYGROUP"));
    }

    @SuppressWarnings("unchecked") // Lettuce's varargs
    private Mono<Void> nothingThere(RedisClusterReactiveCommands<String, byte[]> waiting) {
        // Back in time to renew the lease.
        Duration wait = least(beat, settings.block());
        return waiting.xread(XReadArgs.Builder.block(wait).count(1), XReadArgs.StreamOffset.from(stream, cursor))
                .then();
    }

    private Mono<Void> take(List<Entry> entries) {
        List<Append> appends = new ArrayList<>(entries.size());
        List<Entry> appending = new ArrayList<>(entries.size());
        Map<String, String> hopeless = new HashMap<>();
        for (Entry entry : entries) {
            try {
                appends.add(Append.from(entry.id(), StreamEntries.event(entry.id(), entry.fields())));
                appending.add(entry);
            } catch (InvalidEventException e) {
                hopeless.put(entry.id(), why(e));
            }
        }
        return log.append(stream, appends)
                .doOnNext(outcomes -> tellStored(appends, outcomes))
                .flatMap(outcomes -> settle(appending, outcomes))
                .doOnNext(hopeless::putAll)
                .then(Mono.defer(() -> bury(entries, hopeless)));
    }

    private void tellStored(List<Append> appends, List<Outcome> outcomes) {
        for (int i = 0; i < appends.size(); i++) {
            Appended one = outcomes.get(i).appended();
            if (one != null && !one.duplicate()) {
                stored.accept(appends.get(i).event().conversation(), one.position());
            }
        }
    }

    /**
     * Sorts out the outcomes. Emits the ids of what is given up because Redis refuses it again and again, with reasons; fails when
     * something is to be tried again: the whole stream waits, nothing overtakes it.
     */
    private Mono<Map<String, String>> settle(List<Entry> entries, List<Outcome> outcomes) {
        Map<String, Refusal> refused = new LinkedHashMap<>();
        Refusal passing = null;
        for (int i = 0; i < entries.size(); i++) {
            Refusal refusal = outcomes.get(i).refusal();
            if (refusal == null) {
                appended.increment();
            } else if (outcomes.get(i).isPassing()) {
                passing = refusal;
            } else {
                refused.put(entries.get(i).id(), refusal);
            }
        }
        if (passing != null) {
            return Mono.error(passing);
        }
        return refused.isEmpty() ? Mono.just(Map.of()) : giveUp(refused);
    }

    private Mono<Map<String, String>> giveUp(Map<String, Refusal> refused) {
        return refusals.add(List.copyOf(refused.keySet())).flatMap(counts -> {
            Map<String, String> hopeless = new HashMap<>();
            for (Map.Entry<String, Refusal> one : refused.entrySet()) {
                if (counts.getOrDefault(one.getKey(), 0L) < settings.maxDeliveries()) {
                    return Mono.error(one.getValue());
                }
                hopeless.put(one.getKey(), why(one.getValue()));
            }
            return Mono.just(hopeless);
        });
    }

    /** In the stream's order, so that the letters' ids can be those of their entries. */
    private Mono<Void> bury(List<Entry> entries, Map<String, String> hopeless) {
        return Flux.fromIterable(entries)
                .filter(entry -> hopeless.containsKey(entry.id()))
                .concatMap(entry -> bury(entry, hopeless.getOrDefault(entry.id(), "")))
                .then(hopeless.isEmpty() ? Mono.empty() : refusals.clear());
    }

    private Mono<Void> bury(Entry entry, String reason) {
        return deadLetters
                .bury(entry, reason, settings.maxDeadLetters())
                .onErrorResume(RedisCommandExecutionException.class, e -> unburied(entry, reason, e))
                .filter(added -> added)
                .doOnNext(added -> {
                    dead.increment();
                    limited.warn("An entry went to the dead letters", stream, entry.id() + ": " + reason);
                })
                .then();
    }

    /** Not even the dead letters take it. Tried again as often as the log is; then it holds the stream no longer. */
    private Mono<Boolean> unburied(Entry entry, String reason, RedisCommandExecutionException e) {
        String mark = "bury " + entry.id();
        return refusals.add(List.of(mark)).flatMap(counts -> {
            long tries = counts.getOrDefault(mark, 0L);
            if (tries < settings.maxDeliveries()) {
                return Mono.error(e);
            }
            // It may be read again with others that are still to be tried.
            if (tries == settings.maxDeliveries()) {
                passedOver.increment();
                LOG.error(
                        "Entry {} of {} is passed over ({}): its dead letters do not take it ({}). It stays in the stream until that is trimmed",
                        entry.id(),
                        stream,
                        reason,
                        why(e));
            }
            return Mono.just(false);
        });
    }

    private static String why(Throwable e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static Duration least(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
