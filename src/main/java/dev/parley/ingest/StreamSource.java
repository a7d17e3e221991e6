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
import io.lettuce.core.Consumer;
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
 * that it has. One reader at a time reads a stream.
 *
 * <p>It waits for new entries on a connection of its own, with a plain XREAD that takes none: everything else goes over the shared
 * connection.
 */
public final class StreamSource implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamSource.class);

    private static final String GROUP = "gateway";
    private static final Consumer<String> READER = Consumer.from(GROUP, "reader");
    private static final String PENDING = "0";
    private static final String NEW = ">";

    private final Redis redis;
    private final ConversationLog log;
    private final String stream;
    private final StreamSettings settings;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder appended = new LongAdder();
    private final LongAdder dead = new LongAdder();
    private final Disposable.Swap running = Disposables.swap();

    // Touched by one step at a time.
    private String cursor = PENDING;
    private String lastSeen = "0-0";
    private final Map<String, Integer> refusals = new HashMap<>();

    /** @param stream the stream's key, prefix included */
    public StreamSource(Redis redis, ConversationLog log, String stream, StreamSettings settings) {
        this.redis = redis;
        this.log = log;
        this.stream = stream;
        this.settings = settings;
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

    private Flux<Integer> readOn(RedisClusterReactiveCommands<String, byte[]> waiting) {
        return Flux.defer(() -> {
            cursor = PENDING;
            return ensureGroup()
                    .then(findEnd())
                    .thenMany(Mono.defer(() -> step(waiting)).repeat());
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
                        XReadArgs.StreamOffset.from(stream, "0-0"), GROUP, XGroupCreateArgs.Builder.mkstream()))
                .onErrorResume(RedisCommandExecutionException.class, e -> isBusyGroup(e) ? Mono.empty() : Mono.error(e))
                .then();
    }

    /** The group is there already: the one error that is none. */
    private static boolean isBusyGroup(RedisCommandExecutionException e) {
        return e instanceof RedisBusyException
                || (e.getMessage() != null && e.getMessage().startsWith("BUSYGROUP"));
    }

    /** Emits how many entries were taken. */
    private Mono<Integer> step(RedisClusterReactiveCommands<String, byte[]> waiting) {
        return read().flatMap(entries ->
                (entries.isEmpty() ? nothingThere(waiting) : take(entries)).thenReturn(entries.size()));
    }

    @SuppressWarnings("unchecked") // Lettuce's varargs
    private Mono<List<StreamMessage<String, byte[]>>> read() {
        return redis.call(commands -> commands.xreadgroup(
                        READER, XReadArgs.Builder.count(settings.batch()), XReadArgs.StreamOffset.from(stream, cursor)))
                .collectList();
    }

    @SuppressWarnings("unchecked") // Lettuce's varargs
    private Mono<Void> nothingThere(RedisClusterReactiveCommands<String, byte[]> waiting) {
        if (cursor.equals(PENDING)) {
            cursor = NEW;
            return Mono.empty();
        }
        return waiting.xread(
                        XReadArgs.Builder.block(settings.block()).count(1),
                        XReadArgs.StreamOffset.from(stream, lastSeen))
                .then();
    }

    private Mono<Void> take(List<StreamMessage<String, byte[]>> entries) {
        List<Append> appends = new ArrayList<>(entries.size());
        List<StreamMessage<String, byte[]>> appending = new ArrayList<>(entries.size());
        List<Mono<Void>> burials = new ArrayList<>();
        for (StreamMessage<String, byte[]> entry : entries) {
            seen(entry.getId());
            Map<String, byte[]> fields = entry.getBody();
            if (fields == null || fields.isEmpty()) {
                limited.warn("An entry was trimmed before it was read", stream, entry.getId());
                continue;
            }
            try {
                appends.add(Append.from(entry.getId(), StreamEntries.event(entry.getId(), fields)));
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
    private List<Mono<Void>> settle(List<StreamMessage<String, byte[]>> entries, List<Outcome> outcomes) {
        List<Mono<Void>> burials = new ArrayList<>();
        Refusal again = null;
        for (int i = 0; i < entries.size(); i++) {
            StreamMessage<String, byte[]> entry = entries.get(i);
            Refusal refusal = outcomes.get(i).refusal();
            if (refusal == null) {
                appended.increment();
            } else if (refusal.code() == ErrorCode.UNAVAILABLE
                    || refusals.merge(entry.getId(), 1, Integer::sum) < settings.maxDeliveries()) {
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

    private Mono<Void> bury(StreamMessage<String, byte[]> entry, String reason) {
        Map<String, byte[]> fields = new LinkedHashMap<>(entry.getBody());
        fields.put("dead_reason", reason.getBytes(StandardCharsets.UTF_8));
        fields.put("dead_source_id", entry.getId().getBytes(StandardCharsets.UTF_8));
        fields.put("dead_at", Instant.now().toString().getBytes(StandardCharsets.UTF_8));
        XAddArgs capped = XAddArgs.Builder.maxlen(settings.maxDeadLetters()).approximateTrimming();
        return redis.callOne(commands -> commands.xadd(stream + ":dead", capped, fields))
                .doOnNext(id -> {
                    dead.increment();
                    limited.warn("An entry went to the dead letters", stream, entry.getId() + ": " + reason);
                })
                .then();
    }

    private static String why(Throwable e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private Mono<Void> acknowledge(List<StreamMessage<String, byte[]>> entries) {
        String[] ids = entries.stream().map(StreamMessage::getId).toArray(String[]::new);
        return redis.callOne(commands -> commands.xack(stream, GROUP, ids)).then();
    }
}
