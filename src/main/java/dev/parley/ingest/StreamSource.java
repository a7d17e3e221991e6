package dev.parley.ingest;

import dev.parley.event.InvalidEventException;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.log.Append;
import dev.parley.log.ConversationLog;
import dev.parley.log.Outcome;
import dev.parley.redis.Redis;
import dev.parley.support.RetryPolicy;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
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
 * stand by.
 *
 * <p>It waits for new entries on a connection of its own, with a plain XREAD: everything else goes over the shared connection.
 */
public final class StreamSource implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamSource.class);

    private static final String NOTHING = "";

    private final Redis redis;
    private final ConversationLog log;
    private final Lease lease;
    private final String stream;
    private final StreamSettings settings;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder appended = new LongAdder();
    private final LongAdder dead = new LongAdder();
    private final Disposable.Swap running = Disposables.swap();

    // Touched by one step at a time.
    private boolean leading;
    private String cursor = "0-0";
    private final Map<String, Integer> refusals = new HashMap<>();

    /**
     * @param node this node's name
     * @param stream the stream's key, prefix included
     */
    public StreamSource(Redis redis, ConversationLog log, String node, String stream, StreamSettings settings) {
        this.redis = redis;
        this.log = log;
        this.stream = stream;
        this.settings = settings;
        this.lease = new Lease(redis, stream, node, settings.lease());
    }

    /** Reads until {@link #dispose}. */
    public void open() {
        running.update(redis.reached()
                .thenMany(redis.blocking(this::readOn))
                .doOnError(e -> limited.warn("A durable stream can't be read now", stream, e.getMessage()))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .subscribe());
    }

    /** Entries appended, or found to be in the log already. */
    public long appended() {
        return appended.sum();
    }

    /** Entries that went to the dead letters. */
    public long dead() {
        return dead.sum();
    }

    @Override
    public void dispose() {
        running.dispose();
    }

    /** Ends reading and lets another node in at once, if Redis can be told. */
    public Mono<Void> close() {
        return Mono.fromRunnable(running::dispose).then(lease.release()).onErrorComplete();
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
            leading = false;
            return ensureGroup().then(begin()).expand(batch -> step(waiting, batch));
        });
    }

    /** Takes a batch, and emits the one after it. */
    private Mono<Batch> step(RedisClusterReactiveCommands<String, byte[]> waiting, Batch batch) {
        if (!leading) {
            return begin();
        }
        Mono<Boolean> commit = lease.commit(batch.taken).doOnNext(still -> leading = still);
        if (batch.next.isEmpty()) {
            return commit.flatMap(still -> still ? nothingThere(waiting).then(read()) : Mono.just(List.<Entry>of()))
                    .map(next -> new Batch(next, NOTHING));
        }
        // Redis moves the group behind the last batch and reads the next one while this one is being parsed.
        String last = batch.next.get(batch.next.size() - 1).id();
        Mono<Boolean> taking = Mono.defer(() -> take(batch.next)).thenReturn(true);
        return Mono.zip(commit, read(), taking).map(done -> new Batch(done.getT2(), last));
    }

    /** Begins where the group stands when the lease is to be had, else stands by for a while. */
    private Mono<Batch> begin() {
        return lease.takeOver()
                .flatMap(id -> {
                    leading = true;
                    cursor = id;
                    return read();
                })
                .switchIfEmpty(Mono.delay(settings.lease().dividedBy(4)).thenReturn(List.of()))
                .map(next -> new Batch(next, NOTHING));
    }

    private Mono<List<Entry>> read() {
        return Mono.defer(() -> redis.call(commands -> commands.xrange(
                                stream,
                                Range.from(Range.Boundary.excluding(cursor), Range.Boundary.unbounded()),
                                Limit.from(settings.batch())))
                        .map(Entry::of)
                        .collectList())
                .doOnNext(this::readSoFar);
    }

    private void readSoFar(List<Entry> entries) {
        if (!entries.isEmpty()) {
            cursor = entries.get(entries.size() - 1).id();
        }
    }

    private Mono<Void> ensureGroup() {
        return redis.callOne(commands -> commands.xgroupCreate(
                        XReadArgs.StreamOffset.from(stream, "0-0"), Lease.GROUP, XGroupCreateArgs.Builder.mkstream()))
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
        Duration half = settings.lease().dividedBy(2);
        Duration wait = half.compareTo(settings.block()) < 0 ? half : settings.block();
        return waiting.xread(XReadArgs.Builder.block(wait).count(1), XReadArgs.StreamOffset.from(stream, cursor))
                .then();
    }

    private Mono<Void> take(List<Entry> entries) {
        List<Append> appends = new ArrayList<>(entries.size());
        List<Entry> appending = new ArrayList<>(entries.size());
        List<Mono<Void>> burials = new ArrayList<>();
        for (Entry entry : entries) {
            try {
                appends.add(Append.from(entry.id(), StreamEntries.event(entry.id(), entry.fields())));
                appending.add(entry);
            } catch (InvalidEventException e) {
                burials.add(bury(entry, why(e)));
            }
        }
        return log.append(stream, appends)
                .doOnNext(outcomes -> burials.addAll(settle(appending, outcomes)))
                .then(Mono.defer(() -> Flux.concat(burials).then()));
    }

    /**
     * Sorts out the outcomes.
     *
     * @return what is given up because Redis refuses it again and again
     * @throws Refusal when something is to be tried again: the whole stream waits, nothing overtakes it
     */
    private List<Mono<Void>> settle(List<Entry> entries, List<Outcome> outcomes) {
        List<Mono<Void>> burials = new ArrayList<>();
        Refusal again = null;
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            Refusal refusal = outcomes.get(i).refusal();
            if (refusal == null) {
                appended.increment();
            } else if (refusal.code() == ErrorCode.UNAVAILABLE
                    || refusals.merge(entry.id(), 1, Integer::sum) < settings.maxDeliveries()) {
                again = refusal;
            } else {
                burials.add(bury(entry, why(refusal)));
            }
        }
        if (again != null) {
            throw again;
        }
        refusals.clear();
        return burials;
    }

    private Mono<Void> bury(Entry entry, String reason) {
        Map<String, byte[]> fields = new LinkedHashMap<>(entry.fields());
        fields.put("dead_reason", reason.getBytes(StandardCharsets.UTF_8));
        fields.put("dead_source_id", entry.id().getBytes(StandardCharsets.UTF_8));
        fields.put("dead_at", Instant.now().toString().getBytes(StandardCharsets.UTF_8));
        XAddArgs capped = XAddArgs.Builder.maxlen(settings.maxDeadLetters()).approximateTrimming();
        return redis.callOne(commands -> commands.xadd(stream + ":dead", capped, fields))
                .doOnNext(id -> {
                    dead.increment();
                    limited.warn("An entry went to the dead letters", stream, entry.id() + ": " + reason);
                })
                .then();
    }

    private static String why(Throwable e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
