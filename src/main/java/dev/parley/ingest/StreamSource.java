package dev.parley.ingest;

import dev.parley.event.InvalidEventException;
import dev.parley.event.Position;
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
import io.lettuce.core.StreamMessage;
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
 * Reads one durable stream through the consumer group {@code gateway} and appends its entries to the conversations' logs: pending
 * entries first, in order; acknowledged after the append. Whatever fails begins again with the pending ones; the log refuses an entry
 * that it has. Several nodes may be told to read a stream: the one that holds its lease does, the others stand by.
 *
 * <p>It waits for new entries on a connection of its own, with a plain XREAD that takes none: everything else goes over the shared
 * connection.
 */
public final class StreamSource implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamSource.class);

    private static final String PENDING = "0";
    private static final String NEW = ">";

    private final Redis redis;
    private final ConversationLog log;
    private final LeasedReader reader;
    private final String stream;
    private final StreamSettings settings;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder appended = new LongAdder();
    private final LongAdder dead = new LongAdder();
    private final Disposable.Swap running = Disposables.swap();

    // Touched by one step at a time, and by the read that goes beside it.
    private String cursor = PENDING;
    private String lastSeen = "0-0";
    private boolean standingBy;
    private final Map<String, Integer> refusals = new HashMap<>();

    /** @param stream the stream's key, prefix included */
    public StreamSource(Redis redis, ConversationLog log, String stream, StreamSettings settings) {
        this.redis = redis;
        this.log = log;
        this.stream = stream;
        this.settings = settings;
        this.reader = new LeasedReader(redis, stream, settings.lease());
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
        return Mono.fromRunnable(running::dispose).then(reader.release()).onErrorComplete();
    }

    private Flux<List<Entry>> readOn(RedisClusterReactiveCommands<String, byte[]> waiting) {
        return Flux.defer(() -> {
            cursor = PENDING;
            standingBy = false;
            return ensureGroup().then(findEnd()).then(read()).expand(entries -> step(waiting, entries));
        });
    }

    /** Where to wait from: everything up to here is read before the first wait. */
    private Mono<Void> findEnd() {
        return redis.call(commands -> commands.xrevrange(stream, Range.unbounded(), Limit.from(1)))
                .next()
                .map(StreamMessage::getId)
                .defaultIfEmpty("0-0")
                .doOnNext(id -> lastSeen = id)
                .then();
    }

    private Mono<Void> ensureGroup() {
        return redis.callOne(commands -> commands.xgroupCreate(
                        XReadArgs.StreamOffset.from(stream, "0-0"),
                        LeasedReader.GROUP,
                        XGroupCreateArgs.Builder.mkstream()))
                .onErrorResume(RedisCommandExecutionException.class, e -> isBusyGroup(e) ? Mono.empty() : Mono.error(e))
                .then();
    }

    /** The group is there already: the one error that is none. */
    private static boolean isBusyGroup(RedisCommandExecutionException e) {
        return e instanceof RedisBusyException
                || (e.getMessage() != null && e.getMessage().startsWith("BUSYGROUP"));
    }

    /** Takes what was read, and emits what is to be taken next. */
    private Mono<List<Entry>> step(RedisClusterReactiveCommands<String, byte[]> waiting, List<Entry> entries) {
        if (standingBy) {
            return read();
        }
        if (entries.isEmpty()) {
            return nothingThere(waiting).then(read());
        }
        // What is pending stays so until it is acknowledged. What is new can be read while the last batch is being
        // appended: should that
        // fail, everything read so far is pending, and read again in order.
        return cursor.equals(NEW)
                ? Mono.zip(take(entries).thenReturn(true), read(), (taken, next) -> next)
                : take(entries).then(read());
    }

    private Mono<List<Entry>> read() {
        return Mono.defer(() -> reader.read(settings.batch(), cursor))
                .doOnNext(entries -> standingBy = false)
                .switchIfEmpty(Mono.defer(this::standBy));
    }

    /** Another node reads. When it is this one's turn, it begins with what that one has left pending. */
    private Mono<List<Entry>> standBy() {
        standingBy = true;
        cursor = PENDING;
        return Mono.delay(settings.lease().dividedBy(4)).thenReturn(List.of());
    }

    @SuppressWarnings("unchecked") // Lettuce's varargs
    private Mono<Void> nothingThere(RedisClusterReactiveCommands<String, byte[]> waiting) {
        if (cursor.equals(PENDING)) {
            cursor = NEW;
            return Mono.empty();
        }
        // Back in time to renew the lease.
        Duration half = settings.lease().dividedBy(2);
        Duration wait = half.compareTo(settings.block()) < 0 ? half : settings.block();
        return waiting.xread(XReadArgs.Builder.block(wait).count(1), XReadArgs.StreamOffset.from(stream, lastSeen))
                .then();
    }

    private Mono<Void> take(List<Entry> entries) {
        List<Append> appends = new ArrayList<>(entries.size());
        List<Entry> appending = new ArrayList<>(entries.size());
        List<Mono<Void>> burials = new ArrayList<>();
        for (Entry entry : entries) {
            seen(entry.id());
            if (entry.fields().isEmpty()) {
                limited.warn("An entry was trimmed before it was read", stream, entry.id());
                continue;
            }
            try {
                appends.add(Append.from(entry.id(), StreamEntries.event(entry.id(), entry.fields())));
                appending.add(entry);
            } catch (InvalidEventException e) {
                burials.add(bury(entry, why(e)));
            }
        }
        return log.append(stream, appends)
                .doOnNext(outcomes -> burials.addAll(settle(appending, outcomes)))
                .then(Mono.defer(() -> Flux.concat(burials).then()))
                .then(Mono.defer(() -> acknowledge(entries)));
    }

    private void seen(String id) {
        if (Position.of(id).isAfter(Position.of(lastSeen))) {
            lastSeen = id;
        }
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

    private Mono<Void> acknowledge(List<Entry> entries) {
        String[] ids = entries.stream().map(Entry::id).toArray(String[]::new);
        return redis.callOne(commands -> commands.xack(stream, LeasedReader.GROUP, ids))
                .then();
    }
}
