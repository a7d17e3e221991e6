package dev.parley.store;

import dev.parley.archive.DirtySet;
import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Position;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import io.lettuce.core.KeyValue;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.time.Instant;
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
 * The logs of all conversations in Redis. Everything is cold, runs on Redis' event loop and fails with {@link
 * dev.parley.error.ParleyException} {@code unavailable} while Redis can't be reached.
 */
public final class RedisEventStore implements EventStore {

    private static final Logger LOG = LoggerFactory.getLogger(RedisEventStore.class);

    /** The field of {@code meta:conv:{id}} with the counters, which begins with the last position; see {@code append.lua}. */
    private static final String COUNTERS = "log";

    private static final String INBOX_MARK = "inbox ";
    /** The type of a break. */
    private static final String BREAK = "gateway.stream_trimmed";
    /** The field for the note of a first message whose answer is to be kept. */
    private static final String CACHE = "cache";

    /** Redis then has the next batch when one is done. */
    private static final int BATCHES_AT_ONCE = 2;

    private static final int GLANCES_AT_ONCE = 8;

    private static final int IMPORTS_AT_ONCE = 8;
    private static final long PAGE_BYTES = 256L << 10;

    private final Redis redis;
    private final Keys keys;
    private final StoreSettings settings;
    private final DirtySet marks;
    private final AppendScript appending;
    private final JoinScript joining;
    private final LogHeadsScript glances;
    private final RedisStreamLosses losses;
    private final RunReaper lostRuns;
    private final boolean sharded;
    private final AnswerListener answers;
    private final SessionImport imports;

    public RedisEventStore(Redis redis, Keys keys, StoreSettings settings) {
        this(redis, keys, settings, PAGE_BYTES, AnswerListener.NOBODY, SessionImport.NONE);
    }

    /**
     * @param pageBytes approximate bytes of missed events per read
     * @param answers called on Redis' event loop; must not block
     * @param imports asked for unknown conversations
     */
    public RedisEventStore(
            Redis redis,
            Keys keys,
            StoreSettings settings,
            long pageBytes,
            AnswerListener answers,
            SessionImport imports) {
        this.answers = answers;
        this.imports = imports;
        this.redis = redis;
        this.keys = keys;
        this.sharded = redis.topology().sharded();
        this.settings = settings;
        this.marks = new DirtySet(redis, keys.dirty());
        this.appending = new AppendScript(keys, settings, marks, sharded);
        this.lostRuns = new RunReaper(redis, keys, appending, settings.runs().silence());
        this.joining = new JoinScript(keys, settings, pageBytes);
        this.glances = new LogHeadsScript(keys);
        this.losses = new RedisStreamLosses(redis, keys);
    }

    @Override
    public int slotOf(String conversation) {
        return sharded ? SlotHash.getSlot(keys.log(conversation)) : 0;
    }

    @Override
    public @Nullable String masterOf(int slot) {
        return redis.masterOf(slot);
    }

    @Override
    public @Nullable String masterOf(String conversation) {
        return redis.masterOf(keys.log(conversation));
    }

    /** Time that a conversation without events is kept. */
    public Duration ttl() {
        return settings.log().ttl();
    }

    @Override
    public int remembered() {
        return settings.log().seen();
    }

    @Override
    public boolean sharded() {
        return sharded;
    }

    @Override
    public Mono<List<AppendResult>> append(@Nullable String source, List<AppendRequest> events) {
        return Mono.defer(() -> {
            AppendResult[] outcomes = new AppendResult[events.size()];
            Map<String, AppendResult> held = new ConcurrentHashMap<>();
            AppendBatches rounds = new AppendBatches(events, this::slotOf);
            return Flux.fromIterable(() -> rounds)
                    .concatMap(round -> Flux.fromIterable(round)
                            .flatMap(
                                    batch -> appendBatch(
                                            source, events, batch, held, outcomes, imports == SessionImport.NONE),
                                    BATCHES_AT_ONCE))
                    .then(Mono.fromSupplier(() -> List.of(outcomes)));
        });
    }

    /** @param held conversations with an event that could not be appended for now, and the reasons */
    private Mono<Void> appendBatch(
            @Nullable String source,
            List<AppendRequest> events,
            List<Integer> batch,
            Map<String, AppendResult> held,
            AppendResult[] outcomes,
            boolean looked) {
        List<Integer> going = new ArrayList<>(batch.size());
        for (int i : batch) {
            AppendResult before = held.get(events.get(i).event().conversation());
            if (before == null) {
                going.add(i);
            } else {
                outcomes[i] = before;
            }
        }
        if (going.isEmpty()) {
            return Mono.empty();
        }
        List<Integer> unknown = new ArrayList<>();
        return appending
                .run(redis, source, going.stream().map(events::get).toList(), looked)
                .doOnNext(answers -> {
                    for (int i = 0; i < going.size(); i++) {
                        if (!looked && AppendScript.toBeLookedFor(answers.get(i))) {
                            unknown.add(going.get(i));
                            continue;
                        }
                        AppendResult outcome = AppendResult.of(answers.get(i));
                        outcomes[going.get(i)] = outcome;
                        if (outcome.isPassing()) {
                            held.put(events.get(going.get(i)).event().conversation(), outcome);
                        }
                    }
                    AppendScript.answered(answers, going.size()).forEach(this.answers::answered);
                })
                .flatMap(answers -> appending.noted(answers, going.size()))
                .then(Mono.defer(() -> unknown.isEmpty()
                        ? Mono.empty()
                        : lookFor(events, unknown, held)
                                .then(Mono.defer(() -> appendBatch(source, events, unknown, held, outcomes, true)))));
    }

    /** Imports unknown conversations first. A failed import delays the events of its conversation. */
    private Mono<Void> lookFor(List<AppendRequest> events, List<Integer> unknown, Map<String, AppendResult> held) {
        return Flux.fromStream(unknown.stream()
                        .map(i -> events.get(i).event().conversation())
                        .distinct())
                .flatMap(
                        conversation -> imports.bring(conversation)
                                .then()
                                .onErrorResume(ParleyException.class, refusal -> {
                                    held.put(conversation, new AppendResult(null, refusal));
                                    return Mono.empty();
                                }),
                        IMPORTS_AT_ONCE)
                .then();
    }

    /**
     * Appends a conversation's first message and what follows it, in one script: all or nothing.
     *
     * @param owner the tenant that owns the conversation, if any does
     * @param events of one conversation; the first one is a person's message, with an id
     * @return empty if the conversation already has a message, or something else that the answer might depend on, or belongs to another
     *     tenant
     */
    public Mono<StoredEvent> appendFirst(String owner, List<AppendRequest> events) {
        return appendFirst(owner, events, imports == SessionImport.NONE);
    }

    private Mono<StoredEvent> appendFirst(String owner, List<AppendRequest> events, boolean looked) {
        return appending.runUntouched(redis, owner, events, looked).flatMap(answers -> {
            if (!looked && AppendScript.toBeLookedFor(answers.get(0))) {
                return imports.bring(events.get(0).event().conversation())
                        .filter(found -> !found)
                        .flatMap(none -> appendFirst(owner, events, true));
            }
            StoredEvent first = AppendScript.answer(answers.get(0));
            return appending.noted(answers, events.size()).thenReturn(first);
        });
    }

    /**
     * Changes a session and appends the event of the change, in one script: both or neither. A repeated event id changes nothing.
     *
     * @param event the gateway's own, with an id
     * @param change see {@code session-change.lua}
     */
    public Mono<SessionReply> change(AgentEvent event, Access access, byte[] change) {
        return change(AppendRequest.by(access, event), change, imports == SessionImport.NONE)
                .map(SessionReply::of)
                .flatMap(reply -> reply instanceof SessionReply.Done done && done.toArchive()
                        ? marks.set(List.of(event.conversation())).thenReturn(reply)
                        : Mono.just(reply));
    }

    private Mono<List<Object>> change(AppendRequest event, byte[] change, boolean looked) {
        return appending
                .runChange(redis, event, change, looked)
                .flatMap(reply -> !looked && AppendScript.toBeLookedFor(reply)
                        ? imports.bring(event.event().conversation()).then(change(event, change, true))
                        : Mono.just(reply));
    }

    @Override
    public Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access) {
        return losses.newest().flatMap(lost -> join(conversation, since, access, lost));
    }

    private Mono<JoinResult> join(String conversation, @Nullable Position since, @Nullable Access access, long lost) {
        Mono<List<Object>> once = Mono.defer(() ->
                JoinScript.SCRIPT.runLarge(redis, joining.keys(conversation), joining.arguments(since, access, lost)));
        Mono<List<Object>> read = once.flatMap(reply ->
                JoinScript.unbroken(reply) ? addBreak(conversation, lost).then(once) : Mono.just(reply));
        return read.flatMap(reply -> JoinScript.toBeLookedFor(reply)
                        ? imports.bring(conversation).flatMap(found -> found ? read : Mono.just(reply))
                        : Mono.just(reply))
                .flatMap(reply -> JoinScript.lostRuns(reply)
                        ? lostRuns.end(conversation).then(read).onErrorResume(e -> {
                            LOG.warn("The silent runs of {} could not be ended yet: {}", conversation, e.getMessage());
                            return Mono.just(reply);
                        })
                        : Mono.just(reply))
                .map(reply -> JoinScript.answer(since, reply));
    }

    /** Adds a break: from now on no client resumes from before the loss. */
    private Mono<Void> addBreak(String conversation, long lost) {
        String payload = "{\"conversation_id\":\"" + conversation + "\"}";
        AgentEvent broken = EventCodec.assemble(
                        BREAK, null, Instant.ofEpochMilli(lost).toString(), Script.bytes(payload), null)
                .withEventId(LogEntry.breakId(lost));
        return appending.runBreak(redis, broken, lost);
    }

    @Override
    public RedisStreamLosses losses() {
        return losses;
    }

    @Override
    public Mono<Duration> endLostRuns(String conversation) {
        return lostRuns.end(conversation);
    }

    /** Redis is available again. Agents could not publish during the outage, so silent runs get some time before they count as lost. */
    public void redisIsBack() {
        lostRuns.hold();
    }

    /** See {@link SessionImport#bring}. */
    public Mono<Boolean> imported(String conversation) {
        return imports.bring(conversation);
    }

    /** The error for a script's word that stands for a key of another program. */
    public static ParleyException refusal(String word) {
        return AppendScript.refusal(word);
    }

    @Override
    public Flux<Map<String, LogHead>> glance(Collection<String> conversations) {
        return Flux.fromIterable(LogHeadsScript.batches(conversations, this::slotOf))
                .flatMap(
                        batch -> LogHeadsScript.SCRIPT
                                .run(redis, glances.keys(batch))
                                .map(reply -> LogHeadsScript.answer(batch, reply))
                                .onErrorResume(RedisEventStore::isUnavailable, e -> Mono.empty()),
                        GLANCES_AT_ONCE);
    }

    private static boolean isUnavailable(Throwable e) {
        return e instanceof ParleyException refusal && refusal.code() == ErrorCode.UNAVAILABLE;
    }

    /** Publishes an ephemeral event. */
    public Mono<Void> passOn(AgentEvent event, Access access) {
        String channel = keys.channel(event.type());
        return requireAccess(event.conversation(), access)
                .then(redis.callOne(channel, commands -> commands.publish(channel, event.bytes())))
                .then();
    }

    /** Fails with {@code not_found} if the conversation is another tenant's, or does not exist and the caller may not create it. */
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
                        : Mono.just(isOf(
                                fields.getOrDefault("tenant", settings.auth().defaultTenant()), access)))
                .flatMap(may -> may ? Mono.empty() : Mono.error(AppendScript.notFound()));
    }

    private static boolean isOf(String tenant, Access access) {
        return access.tenant().equals(tenant);
    }

    /** The conversation does not exist, or only its session does, which lives longer than the rest. */
    private Mono<Boolean> mayReachWithoutMeta(String conversation, Access access) {
        String session = keys.session(conversation);
        return redis.callOne(session, commands -> commands.hget(session, "tenant_id"))
                .map(tenant -> isOf(Script.text(tenant), access))
                .defaultIfEmpty(access.mayBeNew());
    }

    /** The agent that receives the conversation's next message. */
    public Mono<String> currentAgent(String conversation, String otherwise) {
        String session = keys.session(conversation);
        String meta = keys.meta(conversation);
        return redis.callOne(session, commands -> commands.hget(session, "current_agent"))
                .switchIfEmpty(redis.callOne(meta, commands -> commands.hget(meta, "agent")))
                .map(Script::text)
                .defaultIfEmpty(otherwise);
    }

    /**
     * The owner of a conversation without a message and without anything else that an answer might depend on. Empty for other
     * conversations.
     *
     * @param otherwise the result if nobody owns it
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
     * Has the {@link AnswerListener} notified of the first answer: when a run that used no tool completes, on the node that appends its
     * end.
     *
     * @param note for the listener
     */
    public Mono<Void> keepAnswer(String conversation, String note) {
        String meta = keys.meta(conversation);
        return redis.callOne(meta, commands -> commands.hset(meta, CACHE, Script.bytes(note)))
                .then();
    }

    /** The marks of messages on their way to an inbox: {@code <agent> <position> <event>}, by message id. */
    public Mono<Map<String, byte[]>> inboxMarks(String conversation) {
        String meta = keys.meta(conversation);
        return redis.call(meta, commands -> commands.hgetall(meta))
                .filter(field -> field.getKey().startsWith(INBOX_MARK))
                .collectMap(field -> field.getKey().substring(INBOX_MARK.length()), field -> field.getValue());
    }

    /** Removes the mark of a message that has reached its inbox. */
    public Mono<Void> clearInboxMark(String conversation, String messageId) {
        String meta = keys.meta(conversation);
        return redis.callOne(meta, commands -> commands.hdel(meta, INBOX_MARK + messageId))
                .then();
    }
}
