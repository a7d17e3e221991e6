package dev.parley.log;

import dev.parley.archive.Marks;
import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Gap;
import dev.parley.frame.Refusal;
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
import reactor.util.function.Tuple2;

/**
 * The logs of all conversations. Everything is cold, runs on Redis' event loop and fails with
 * {@link dev.parley.frame.Refusal} {@code unavailable} while Redis can't be reached.
 */
public final class ConversationLog {

    private static final Logger LOG = LoggerFactory.getLogger(ConversationLog.class);

    /** Meta's field of counters, which begins with the last position; see {@code append.lua}. */
    private static final String COUNTERS = "log";

    private static final String INBOX_MARK = "inbox ";
    /** What is noted with a first message whose answer is to be kept. */
    private static final String CACHE = "cache";

    /** Redis has the next one there when it is done with one. */
    private static final int BATCHES_AT_ONCE = 2;

    private static final int GLANCES_AT_ONCE = 8;

    private final Redis redis;
    private final Keys keys;
    private final LogSettings settings;
    private final Marks marks;
    private final AppendScript appending;
    private final JoinScript joining;
    private final GlanceScript glances;
    private final LostRuns lostRuns;
    private final boolean sharded;
    private final AnswerListener answers;

    public ConversationLog(Redis redis, Keys keys, LogSettings settings) {
        this(redis, keys, settings, AnswerListener.NOBODY);
    }

    /** @param answers called on Redis' event loop; must not block */
    public ConversationLog(Redis redis, Keys keys, LogSettings settings, AnswerListener answers) {
        this.answers = answers;
        this.redis = redis;
        this.keys = keys;
        this.sharded = redis.topology().sharded();
        this.settings = settings;
        this.marks = new Marks(redis, keys.dirty());
        this.appending = new AppendScript(keys, settings, marks, sharded);
        this.lostRuns = new LostRuns(redis, keys, appending, settings.silence());
        this.joining = new JoinScript(keys, settings);
        this.glances = new GlanceScript(keys);
    }

    /** Where a conversation's keys are on a cluster; 0 without one. */
    int slotOf(String conversation) {
        return sharded ? SlotHash.getSlot(keys.log(conversation)) : 0;
    }

    /** The name of the master that serves a slot now; null while nobody does. */
    @Nullable
    String masterOf(int slot) {
        return redis.masterOf(slot);
    }

    /** How long a conversation without any event is kept. */
    public Duration ttl() {
        return settings.ttl();
    }

    /** Event ids of a conversation that are remembered. */
    int remembered() {
        return settings.seen();
    }

    boolean sharded() {
        return sharded;
    }

    /**
     * Appends events: one script for a batch, a few batches under way at once, so that order is kept within each conversation. Where
     * Redis can't take an event of a conversation for now, those behind it are refused with it.
     *
     * @param source the durable stream, or the spilled queue, that those come from which have a place there; null for none
     * @return an outcome for each event, in the order of the events. An event's refusal is its own; the Mono fails when Redis can't
     *     be reached, and then any of them may be in the log or not: append them again under the same ids
     */
    public Mono<List<Outcome>> append(@Nullable String source, List<Append> events) {
        return Mono.defer(() -> {
            Outcome[] outcomes = new Outcome[events.size()];
            Map<String, Outcome> held = new ConcurrentHashMap<>();
            Rounds rounds = new Rounds(events, this::slotOf);
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
                    AppendScript.answered(answers, going.size()).forEach(this.answers::answered);
                })
                .flatMap(answers -> appending.noted(answers, going.size()));
    }

    /**
     * Appends a conversation's first message and what follows it, in one script: all or nothing.
     *
     * @param owner whose the conversation is, if it is anybody's
     * @param events of one conversation; the first one is a person's message, with an id
     * @return empty where something else was said there already, or is known that an answer might depend on; or it is another's
     */
    public Mono<Appended> appendFirst(String owner, List<Append> events) {
        return appending
                .runUntouched(redis, owner, events)
                .flatMap(answers ->
                        appending.noted(answers, events.size()).thenReturn(AppendScript.answer(answers.get(0))));
    }

    /**
     * Changes a session and appends the event that tells of it, in one script: both or neither. The same event id again changes
     * nothing.
     *
     * @param event of the gateway's own, with an id
     * @param change see {@code session-change.lua}
     */
    public Mono<SessionReply> change(AgentEvent event, Access access, byte[] change) {
        return appending
                .runChange(redis, Append.by(access, event), change)
                .map(SessionReply::of)
                .flatMap(reply -> reply instanceof SessionReply.Done done && done.toArchive()
                        ? marks.set(List.of(event.conversation())).thenReturn(reply)
                        : Mono.just(reply));
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

    /** Looks at many conversations at once. Those of a master that can't be asked are left out. */
    public Flux<Map<String, Glance>> glance(Collection<String> conversations) {
        return Flux.fromIterable(GlanceScript.batches(conversations, this::slotOf))
                .flatMap(
                        batch -> GlanceScript.SCRIPT
                                .run(redis, glances.keys(batch))
                                .map(reply -> GlanceScript.answer(batch, reply))
                                .onErrorResume(ConversationLog::isUnavailable, e -> Mono.empty()),
                        GLANCES_AT_ONCE);
    }

    private static boolean isUnavailable(Throwable e) {
        return e instanceof Refusal refusal && refusal.code() == ErrorCode.UNAVAILABLE;
    }

    /** Publishes an ephemeral event, which no log will have. */
    public Mono<Void> passOn(AgentEvent event, Access access) {
        String channel = keys.channel(event.type());
        return requireAccess(event.conversation(), access)
                .then(redis.callOne(channel, commands -> commands.publish(channel, event.bytes())))
                .then();
    }

    /** Fails with {@code not_found} when the caller may not know of the conversation, or there is none and it may not make one. */
    public Mono<Void> requireAccess(String conversation, Access access) {
        if (!access.checked()) {
            return Mono.empty();
        }
        String meta = keys.meta(conversation);
        return redis.call(meta, commands -> commands.hmget(meta, COUNTERS, "tenant"))
                .filter(KeyValue::hasValue)
                .collectMap(KeyValue::getKey, field -> Script.text(field.getValue()))
                .flatMap(fields -> fields.isEmpty()
                        ? mayReachWithoutMeta(conversation, access)
                        : Mono.just(isOf(fields.getOrDefault("tenant", settings.defaultTenant()), access)))
                .flatMap(may -> may ? Mono.empty() : Mono.error(AppendScript.notFound()));
    }

    private static boolean isOf(String tenant, Access access) {
        return access.tenant().equals(tenant);
    }

    /** Either there is no such conversation, or there is only its session any more, which lives longer than all else of it. */
    private Mono<Boolean> mayReachWithoutMeta(String conversation, Access access) {
        String session = keys.session(conversation);
        return redis.callOne(session, commands -> commands.hget(session, "tenant_id"))
                .map(tenant -> isOf(Script.text(tenant), access))
                .defaultIfEmpty(access.mayBeNew());
    }

    /** The agent that a conversation's next message goes to. */
    public Mono<String> currentAgent(String conversation, String otherwise) {
        String session = keys.session(conversation);
        String meta = keys.meta(conversation);
        return redis.callOne(session, commands -> commands.hget(session, "current_agent"))
                .switchIfEmpty(redis.callOne(meta, commands -> commands.hget(meta, "agent")))
                .map(Script::text)
                .defaultIfEmpty(otherwise);
    }

    /**
     * Whose a conversation is in which nothing was said yet, and of which nothing is known that an answer might depend on. Empty where
     * something is.
     *
     * @param otherwise where it is nobody's
     */
    public Mono<String> ownerIfUntouched(String conversation, String otherwise) {
        String messages = keys.messages(conversation);
        String meta = keys.meta(conversation);
        return Mono.zip(
                        redis.callOne(messages, commands -> commands.exists(messages, keys.context(conversation))),
                        redis.callOne(meta, commands -> commands.hget(meta, "tenant"))
                                .map(Script::text)
                                .defaultIfEmpty(otherwise))
                .filter(both -> both.getT1() == 0)
                .map(Tuple2::getT2);
    }

    /**
     * Has the {@link AnswerListener} told of the first answer: when a run completes that used no tool, on the node that appends its end.
     *
     * @param note for the listener
     */
    public Mono<Void> keepAnswer(String conversation, String note) {
        String meta = keys.meta(conversation);
        return redis.callOne(meta, commands -> commands.hset(meta, CACHE, Script.bytes(note)))
                .then();
    }

    /** What is marked as on its way to an inbox: each mark is {@code <agent> <position> <event>}, under its message id. */
    public Mono<Map<String, byte[]>> inboxMarks(String conversation) {
        String meta = keys.meta(conversation);
        return redis.call(meta, commands -> commands.hgetall(meta))
                .filter(field -> field.getKey().startsWith(INBOX_MARK))
                .collectMap(field -> field.getKey().substring(INBOX_MARK.length()), field -> field.getValue());
    }

    /** Says that a message has reached its inbox. */
    public Mono<Void> clearInboxMark(String conversation, String messageId) {
        String meta = keys.meta(conversation);
        return redis.callOne(meta, commands -> commands.hdel(meta, INBOX_MARK + messageId))
                .then();
    }
}
