package dev.parley.log;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.frame.Gap;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import io.lettuce.core.KeyValue;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The logs of all conversations. Everything is cold, runs on Redis' event loop and fails with
 * {@link dev.parley.frame.Refusal} {@code unavailable} while Redis can't be reached.
 */
public final class ConversationLog {

    private static final Logger LOG = LoggerFactory.getLogger(ConversationLog.class);

    /** Meta's field of counters, which begins with the last position; see {@code append.lua}. */
    private static final String COUNTERS = "log";

    private static final String INBOX_MARK = "inbox ";
    /** Redis has the next one there when it is done with one. */
    private static final int BATCHES_AT_ONCE = 2;

    private static final int LAST_POSITIONS_CONCURRENCY = 256;

    private final Redis redis;
    private final Keys keys;
    private final LogSettings settings;
    private final AppendScript appending;
    private final JoinScript joining;
    private final LostRuns lostRuns;
    private final boolean sharded;

    public ConversationLog(Redis redis, Keys keys, LogSettings settings) {
        this.redis = redis;
        this.keys = keys;
        this.sharded = redis.topology().sharded();
        this.settings = settings;
        this.appending = new AppendScript(keys, settings, sharded);
        this.lostRuns = new LostRuns(redis, keys, appending, settings.silence());
        this.joining = new JoinScript(keys, settings);
    }

    /**
     * Appends events: one script for a batch, a few batches under way at once, so that order is kept within each conversation. Where
     * Redis can't take an event of a conversation for now, those behind it are refused with it.
     *
     * @param source the durable stream that all of them come from, or null
     * @return an outcome for each event, in the order of the events. An event's refusal is its own; the Mono fails when Redis can't
     *     be reached, and then any of them may be in the log or not: append them again under the same ids
     */
    public Mono<List<Outcome>> append(@Nullable String source, List<Append> events) {
        return Mono.defer(() -> {
            Outcome[] outcomes = new Outcome[events.size()];
            Map<String, Outcome> held = new ConcurrentHashMap<>();
            Rounds rounds = new Rounds(events, sharded ? name -> SlotHash.getSlot(keys.log(name)) : name -> 0);
            return Flux.fromIterable(() -> rounds)
                    .concatMap(round -> Flux.fromIterable(round)
                            .flatMap(batch -> appendBatch(source, events, batch, held, outcomes), BATCHES_AT_ONCE))
                    .then(Mono.fromSupplier(() -> List.of(outcomes)));
        });
    }

    /** @param held conversations of which an event could not be appended for now, and why */
    private Mono<Void> appendBatch(
            @Nullable String source,
            List<Append> events,
            List<Integer> batch,
            Map<String, Outcome> held,
            Outcome[] outcomes) {
        List<Integer> going = new ArrayList<>(batch.size());
        for (int i : batch) {
            Outcome before = held.get(events.get(i).event().conversation());
            if (before == null) {
                going.add(i);
            } else {
                outcomes[i] = before;
            }
        }
        if (going.isEmpty()) {
            return Mono.empty();
        }
        return appending
                .run(redis, source, going.stream().map(events::get).toList())
                .doOnNext(answers -> {
                    for (int i = 0; i < going.size(); i++) {
                        Outcome outcome = Outcome.of(answers.get(i));
                        outcomes[going.get(i)] = outcome;
                        if (outcome.isPassing()) {
                            held.put(events.get(going.get(i)).event().conversation(), outcome);
                        }
                    }
                })
                .then();
    }

    /**
     * Reads for someone who joins: what they missed when {@code since} is in the log, else a snapshot. One round trip, to the master.
     *
     * @param since the last position they have; null for none
     * @param access who reads; null for the gateway itself
     */
    public Mono<Joined> join(String conversation, @Nullable Position since, @Nullable Access access) {
        Mono<List<Object>> read = Mono.defer(
                () -> JoinScript.SCRIPT.run(redis, joining.keys(conversation), joining.arguments(since, access)));
        return read.flatMap(reply -> JoinScript.lostRuns(reply)
                        ? lostRuns.end(conversation).then(read).onErrorResume(e -> {
                            LOG.warn("The silent runs of {} could not be ended yet: {}", conversation, e.getMessage());
                            return Mono.just(reply);
                        })
                        : Mono.just(reply))
                .map(reply -> JoinScript.answer(since, reply));
    }

    /**
     * Ends the runs of a conversation whose agents have died: an {@code agent.run.failed} comes into the log for each run of which nothing
     * was heard for its lease, once, whoever asks.
     *
     * @return how long it takes until the next run may be over; empty when no other is in progress
     */
    public Mono<Duration> endLostRuns(String conversation) {
        return lostRuns.end(conversation);
    }

    /** Redis was away, and so were agents: what is silent has a moment to be heard before it is taken for lost. */
    public void redisIsBack() {
        lostRuns.hold();
    }

    /** A snapshot for someone whose {@code since} is no position at all. */
    public Mono<Joined> joinMalformed(String conversation, String since, @Nullable Access access) {
        return join(conversation, null, access)
                .cast(Joined.Snapshot.class)
                .map(snapshot -> new Joined.Snapshot(
                        snapshot.last(),
                        new Gap(
                                Gap.Reason.MALFORMED,
                                since,
                                "0",
                                snapshot.last().toString()),
                        snapshot.session(),
                        snapshot.messages(),
                        snapshot.runs(),
                        snapshot.inboxPending()));
    }

    /** The last position of each conversation, {@link Position#ZERO} where there is no log. */
    public Mono<Map<String, Position>> lastPositions(Collection<String> conversations) {
        return Flux.fromIterable(conversations)
                .flatMap(
                        conversation -> redis.callOne(commands -> commands.hget(keys.meta(conversation), COUNTERS))
                                .map(counters -> Map.entry(conversation, lastPosition(Script.text(counters))))
                                .defaultIfEmpty(Map.entry(conversation, Position.ZERO)),
                        LAST_POSITIONS_CONCURRENCY)
                .collectMap(Map.Entry::getKey, Map.Entry::getValue);
    }

    private static Position lastPosition(String counters) {
        return Position.of(counters.substring(0, counters.indexOf(' ')));
    }

    /** Publishes an ephemeral event, which no log will have. */
    public Mono<Void> passOn(AgentEvent event, Access access) {
        return requireAccess(event.conversation(), access)
                .then(redis.callOne(commands -> commands.publish(keys.channel(event.type()), event.bytes())))
                .then();
    }

    /** Fails with {@code not_found} when the caller may not know of the conversation, or there is none and it may not make one. */
    public Mono<Void> requireAccess(String conversation, Access access) {
        if (!access.checked()) {
            return Mono.empty();
        }
        return redis.call(commands -> commands.hmget(keys.meta(conversation), COUNTERS, "tenant"))
                .collectMap(KeyValue::getKey, field -> field.hasValue() ? Script.text(field.getValue()) : "")
                .flatMap(meta -> mayReach(access, meta.getOrDefault(COUNTERS, ""), meta.getOrDefault("tenant", ""))
                        ? Mono.empty()
                        : Mono.error(AppendScript.notFound()));
    }

    private boolean mayReach(Access access, String counters, String tenant) {
        if (counters.isEmpty() && tenant.isEmpty()) {
            return access.mayBeNew();
        }
        return access.tenant().equals(tenant.isEmpty() ? settings.defaultTenant() : tenant);
    }

    /** The agent that a conversation's next message goes to. */
    public Mono<String> currentAgent(String conversation, String otherwise) {
        return redis.callOne(commands -> commands.hget(keys.session(conversation), "current_agent"))
                .switchIfEmpty(redis.callOne(commands -> commands.hget(keys.meta(conversation), "agent")))
                .map(Script::text)
                .defaultIfEmpty(otherwise);
    }

    /** What is marked as on its way to an inbox: each mark is {@code <agent> <position> <event>}, under its message id. */
    public Mono<Map<String, byte[]>> inboxMarks(String conversation) {
        return redis.call(commands -> commands.hgetall(keys.meta(conversation)))
                .filter(field -> field.getKey().startsWith(INBOX_MARK))
                .collectMap(field -> field.getKey().substring(INBOX_MARK.length()), field -> field.getValue());
    }

    /** Says that a message has reached its inbox. */
    public Mono<Void> clearInboxMark(String conversation, String messageId) {
        return redis.callOne(commands -> commands.hdel(keys.meta(conversation), INBOX_MARK + messageId))
                .then();
    }
}
