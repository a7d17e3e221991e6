package dev.parley.ingest;

import dev.parley.error.ParleyException;
import dev.parley.event.InvalidEventException;
import dev.parley.event.Position;
import dev.parley.redis.Redis;
import dev.parley.store.AppendRequest;
import dev.parley.store.AppendResult;
import dev.parley.store.EventStore;
import dev.parley.store.StoredEvent;
import dev.parley.support.LimitedLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Appends a durable stream's entries to the conversations' logs. What becomes of an entry:
 *
 * <pre>
 *   read ──┬─ no valid event ───────────────────────────────────────────► rejected
 *          ├─ appended, or in the log already ──► done                       │
 *          ├─ refused for now ──────────────────► the batch is read again    │
 *          └─ refused ──┬─ attempts left ───────► the batch is read again    │
 *                       └─ no attempts left ──────────────────────────────►──┤
 *                                                                            │
 *      dead letter ◄── accepted ─────────────────────────────────────────────┤
 *      the batch is read again ◄── refused, attempts left ───────────────────┤
 *      passed over ◄── refused, no attempts left ────────────────────────────┘
 * </pre>
 *
 * A batch that is read again holds the whole stream, so that no entry overtakes another. Dead letters are added after every other entry of
 * the batch is in the log.
 *
 * <p>Counters may be read on any thread.
 */
final class EntryAppender implements LeasedReader.Appender {

    private static final Logger LOG = LoggerFactory.getLogger(EntryAppender.class);

    /** Newest dead letters kept per stream, approximately. */
    private static final long MAX_DEAD_LETTERS = 10_000;

    private final DurableStream stream;
    private final EventStore store;
    private final IngestSettings settings;
    private final BiConsumer<String, Position> stored;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder appended = new LongAdder();
    private final LongAdder dead = new LongAdder();
    private final LongAdder passedOver = new LongAdder();

    /** @param stored receives the conversation and position of each appended event, on the store's thread; must not block */
    EntryAppender(
            DurableStream stream, EventStore store, IngestSettings settings, BiConsumer<String, Position> stored) {
        this.stream = stream;
        this.store = store;
        this.settings = settings;
        this.stored = stored;
    }

    /** Entries appended, or found to be in the log already: of each batch when all its entries are settled. */
    long appended() {
        return appended.sum();
    }

    /** Entries added to the dead letters. */
    long dead() {
        return dead.sum();
    }

    /** Entries that neither the log nor the dead letters accept. */
    long passedOver() {
        return passedOver.sum();
    }

    @Override
    public Mono<Void> append(String source, List<StreamEntry> entries) {
        List<AppendRequest> events = new ArrayList<>(entries.size());
        List<String> ids = new ArrayList<>(entries.size());
        Map<String, String> rejected = new HashMap<>();
        for (StreamEntry entry : entries) {
            try {
                events.add(AppendRequest.from(entry.id(), StreamEntryDecoder.event(entry)));
                ids.add(entry.id());
            } catch (InvalidEventException e) {
                rejected.put(entry.id(), Redis.rootMessage(e));
            }
        }
        return store.append(source, events)
                .doOnNext(outcomes -> notifyStored(events, outcomes))
                .flatMap(outcomes -> settle(ids, outcomes))
                .doOnNext(rejected::putAll)
                .then(Mono.defer(() -> deadLetter(entries, rejected)))
                .doOnSuccess(done -> appended.add(entries.size() - rejected.size()));
    }

    private void notifyStored(List<AppendRequest> events, List<AppendResult> outcomes) {
        for (int i = 0; i < events.size(); i++) {
            StoredEvent one = outcomes.get(i).appended();
            if (one != null && !one.duplicate()) {
                stored.accept(events.get(i).event().conversation(), one.position());
            }
        }
    }

    /**
     * Emits the ids of entries that have no attempts left, with reasons. Fails when an entry is to be appended again.
     *
     * @param ids of the entries, in the outcomes' order
     */
    private Mono<Map<String, String>> settle(List<String> ids, List<AppendResult> outcomes) {
        Map<String, ParleyException> refused = new LinkedHashMap<>();
        for (int i = 0; i < ids.size(); i++) {
            AppendResult outcome = outcomes.get(i);
            ParleyException refusal = outcome.refusal();
            if (refusal != null && outcome.isPassing()) {
                return Mono.error(refusal);
            }
            if (refusal != null) {
                refused.put(ids.get(i), refusal);
            }
        }
        return refused.isEmpty() ? Mono.just(Map.of()) : giveUp(refused);
    }

    private Mono<Map<String, String>> giveUp(Map<String, ParleyException> refused) {
        return stream.countAttempts(List.copyOf(refused.keySet())).flatMap(counts -> {
            Map<String, String> rejected = new HashMap<>();
            for (Map.Entry<String, ParleyException> one : refused.entrySet()) {
                if (counts.getOrDefault(one.getKey(), 0L) < settings.maxDeliveries()) {
                    return Mono.error(one.getValue());
                }
                rejected.put(one.getKey(), Redis.rootMessage(one.getValue()));
            }
            return Mono.just(rejected);
        });
    }

    /** In the stream's order, so that a dead letter can have its entry's id. */
    private Mono<Void> deadLetter(List<StreamEntry> entries, Map<String, String> rejected) {
        if (rejected.isEmpty()) {
            return Mono.empty();
        }
        return Flux.fromIterable(entries)
                .concatMap(entry ->
                        Mono.justOrEmpty(rejected.get(entry.id())).flatMap(reason -> deadLetter(entry, reason)))
                .then(stream.clearAttempts());
    }

    private Mono<Void> deadLetter(StreamEntry entry, String reason) {
        return stream.deadLetter(entry, reason, MAX_DEAD_LETTERS)
                .onErrorResume(DeadLetterRejectedException.class, e -> passOver(entry, reason, e))
                .filter(added -> added)
                .doOnNext(added -> {
                    dead.increment();
                    limited.warn("An entry was added to the dead letters", stream.name(), entry.id() + ": " + reason);
                })
                .then();
    }

    /** Fails while the dead letters have attempts left; then the entry is passed over, so that it holds the stream no longer. */
    private Mono<Boolean> passOver(StreamEntry entry, String reason, DeadLetterRejectedException e) {
        String key = "bury " + entry.id(); // nodes of earlier versions share these counts
        return stream.countAttempts(List.of(key)).flatMap(counts -> {
            long attempts = counts.getOrDefault(key, 0L);
            if (attempts < settings.maxDeliveries()) {
                return Mono.error(e);
            }
            // It may be read again with entries that have attempts left.
            if (attempts == settings.maxDeliveries()) {
                passedOver.increment();
                LOG.error(
                        "Entry {} of {} is passed over ({}): the dead letters reject it ({}). It remains in the stream until that is trimmed",
                        entry.id(),
                        stream.name(),
                        reason,
                        Redis.rootMessage(e));
            }
            return Mono.just(false);
        });
    }
}
