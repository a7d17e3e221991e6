package dev.parley.hub;

import dev.parley.event.Position;
import dev.parley.store.EventStore;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Compares the last positions of hosted conversations with those of their logs, so that even a lost last message is found, and triggers the
 * search for lost runs. Thread-safe; never blocks.
 */
final class PositionChecks {

    private static final Logger LOG = LoggerFactory.getLogger(PositionChecks.class);

    private static final int BATCH = 1_000;
    private static final Duration SOON = Duration.ofMillis(20);

    private final EventStore log;
    private final RunReaperSchedule runs;
    private final Function<String, @Nullable Conversation> hosted;
    private final Set<String> due = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean planned = new AtomicBoolean();

    /** @param hosted finds a conversation that is hosted here */
    PositionChecks(EventStore log, RunReaperSchedule runs, Function<String, @Nullable Conversation> hosted) {
        this.log = log;
        this.runs = runs;
        this.hosted = hosted;
    }

    /**
     * Plans a check of a conversation soon, together with others: after a reconnect these are all conversations.
     *
     * @return runs the check; empty if another caller runs it already
     */
    Mono<Void> soon(String conversation) {
        due.add(conversation);
        if (!planned.compareAndSet(false, true)) {
            return Mono.empty();
        }
        return Mono.delay(SOON).then(Mono.defer(() -> {
            planned.set(false);
            List<String> now = List.copyOf(due);
            now.forEach(due::remove);
            return check(now);
        }));
    }

    /** Compares the positions of these conversations, after a look for losses of durable streams. Never fails. */
    Mono<Void> all(Collection<String> conversations) {
        return log.losses()
                .look()
                .onErrorResume(e -> {
                    LOG.debug("Losses of streams could not be looked for: {}", e.getMessage());
                    return Mono.empty();
                })
                .then(check(conversations));
    }

    private Mono<Void> check(Collection<String> conversations) {
        return Flux.fromIterable(conversations)
                .mapNotNull(hosted)
                .mapNotNull(Check::of)
                .buffer(BATCH)
                .concatMap(this::checkBatch, 0)
                .then()
                .onErrorResume(e -> {
                    LOG.debug("Last positions could not be checked: {}", e.getMessage());
                    return Mono.empty();
                });
    }

    private Mono<Void> checkBatch(List<Check> batch) {
        Map<String, Check> checks = new HashMap<>();
        batch.forEach(check -> checks.put(check.conversation.name(), check));
        return log.glance(checks.keySet())
                .concatMap(heads -> {
                    heads.forEach((name, head) ->
                            Objects.requireNonNull(checks.get(name)).compare(head.last()));
                    return runs.look(heads.entrySet().stream()
                            .filter(head -> head.getValue().runs())
                            .map(Map.Entry::getKey)
                            .toList());
                })
                .then();
    }

    /** The position of a conversation before its log was asked. */
    private record Check(Conversation conversation, Position at, Position stored) {

        /** Null if nobody has read the conversation yet. */
        static @Nullable Check of(Conversation conversation) {
            Position at = conversation.position();
            return at == null ? null : new Check(conversation, at, conversation.stored());
        }

        void compare(Position last) {
            if (!at.equals(last) || stored.isAfter(last)) {
                conversation.enqueue("difference", () -> conversation.onDifference(at));
            }
        }
    }
}
