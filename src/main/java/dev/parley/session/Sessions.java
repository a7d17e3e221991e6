package dev.parley.session;

import dev.parley.auth.Access;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.store.RedisEventStore;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionReply;
import dev.parley.store.SessionState;
import dev.parley.support.LimitedLog;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The sessions of conversations: current agent, messages, and context. Every change is one script on the conversation's slot and an event
 * in its log: both or neither, and once per id.
 *
 * <p>All of this is cold, runs on Redis' event loop or the record's, and fails with {@link ParleyException}: {@code not_found} also for
 * another tenant's session, {@code gone} for one that has ended. Changes fail with {@code unavailable} while Redis is unavailable, and then
 * until the conversation's queued events are in its log. Reads are answered from the record during that time.
 */
public final class Sessions {

    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

    /** Maximum number of messages in a window. */
    public static final int WINDOW = 50;

    private static final int PATCH_TRIES = 100;

    /** The longest time that a person or agent waits for the record. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Mono<Void> LATE =
            Mono.error(() -> new TimeoutException("PostgreSQL takes longer than " + PATIENCE.toSeconds() + " s"));

    private final RedisEventStore log;
    private final RedisSessions hot;
    private final Archive archive;
    private final AuditListener witness;
    private final AdmissionCache claims;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final Predicate<String> queued;

    /** @param queued whether events of a conversation are queued: then it is not changed, because they come first */
    public Sessions(
            Redis redis,
            Keys keys,
            RedisEventStore log,
            Archive archive,
            AuditListener witness,
            Predicate<String> queued) {
        this.queued = queued;
        this.witness = witness;
        this.log = log;
        this.hot = new RedisSessions(redis, keys, log::imported);
        this.archive = archive;
        this.claims = new AdmissionCache(log.ttl());
    }

    /**
     * A session after a change.
     *
     * @param repeated whether the change was made before, under the same id
     * @param seq the number of the appended message, 0 if there is none or it is no longer known
     */
    public record Changed(String conversation, SessionState session, boolean repeated, long seq, String position) {}

    /** @param context JSON by name */
    public Mono<Changed> create(
            Principal who,
            String conversation,
            @Nullable String agent,
            Map<String, String> context,
            @Nullable String key) {
        return Mono.defer(() -> {
            Map<String, String> clean = new LinkedHashMap<>();
            context.forEach((name, value) -> clean.put(name, MergePatch.apply("", value)));
            MergePatch.requireRoom(Map.of(), clean);
            clean.values().removeIf(String::isEmpty);
            return create(who, conversation, new SessionCommand.Beginning(agent, clean, null), key);
        });
    }

    private Mono<Changed> create(
            Principal who, String conversation, SessionCommand.Beginning beginning, @Nullable String key) {
        Access access = who.access(conversation).orNew();
        SessionCommand change = SessionCommand.create(conversation, who.tenant(), beginning, idOf(key));
        // A session in the record that has not ended prevents a new one. Another tenant's counts as absent.
        return denied(
                who,
                conversation,
                "session.create",
                revive(conversation, access).then(change(access, change)));
    }

    /** @param expected the number that the last message must have, otherwise {@code conflict}; null for any */
    public Mono<Changed> append(
            Principal who, String conversation, NewMessage message, @Nullable Long expected, @Nullable String key) {
        return denied(
                who,
                conversation,
                "session.append",
                Mono.defer(() -> change(
                        who.access(conversation), SessionCommand.append(conversation, message, expected, idOf(key)))));
    }

    /** @param patches JSON merge patches (RFC 7396) by the context's names; a result of null removes the name */
    public Mono<Changed> update(Principal who, String conversation, Map<String, String> patches, @Nullable String key) {
        return denied(who, conversation, "session.update", Mono.defer(() -> {
            Access access = who.access(conversation);
            return hot.newest(conversation, access, 0)
                    .switchIfEmpty(Mono.defer(
                            () -> archive.warm(conversation, access).then(hot.newest(conversation, access, 0))))
                    .switchIfEmpty(Mono.error(RedisSessions::notFound))
                    .flatMap(read ->
                            patch(access, conversation, patches, read.session().context(), idOf(key), PATCH_TRIES));
        }));
    }

    /** Patches values on the node; the script takes them only if they are unchanged in Redis. Lua can't preserve JSON as it is. */
    private Mono<Changed> patch(
            Access access,
            String conversation,
            Map<String, String> patches,
            Map<String, String> before,
            String id,
            int tries) {
        if (tries == 0) {
            return Mono.error(
                    ParleyException.of(ErrorCode.OVERLOADED, "too many concurrent changes of the context: try again"));
        }
        Map<String, String> after = new LinkedHashMap<>();
        patches.forEach((name, patch) -> after.put(name, MergePatch.apply(before.getOrDefault(name, ""), patch)));
        MergePatch.requireRoom(before, after);
        SessionCommand change = SessionCommand.update(conversation, patches, before, after, id);
        return write(access, change).flatMap(reply -> {
            if (reply instanceof SessionReply.ContextChanged changed) {
                Map<String, String> now = new LinkedHashMap<>(before);
                now.putAll(changed.now());
                return patch(access, conversation, patches, now, id, tries - 1);
            }
            return done(conversation, reply);
        });
    }

    /** Hands the conversation to another agent, which receives its next messages. */
    public Mono<Changed> handOff(
            Principal who, String conversation, String to, @Nullable String reason, @Nullable String key) {
        return Mono.defer(() -> {
            SessionCommand change = SessionCommand.handOff(conversation, to, reason, idOf(key));
            return acted(
                    who,
                    change,
                    "session.handoff",
                    Map.of("to", to),
                    session -> session.text("current_agent").equals(to));
        });
    }

    public Mono<Changed> complete(Principal who, String conversation, @Nullable Long expected, @Nullable String key) {
        return Mono.defer(() -> acted(
                who,
                SessionCommand.complete(conversation, expected, idOf(key)),
                "session.complete",
                Map.of(),
                session -> !session.status().equals("active")));
    }

    /** Removes the session's messages, from Redis, the record and the log. */
    public Mono<Changed> delete(Principal who, String conversation, @Nullable String key) {
        return Mono.defer(() -> acted(
                who,
                SessionCommand.delete(conversation, idOf(key)),
                "session.delete",
                Map.of(),
                session -> session.status().equals("deleted")));
    }

    /** Creates a session that continues another one after the message with that number. */
    public Mono<Changed> fork(Principal who, String from, long seq, String to, @Nullable String key) {
        return denied(
                        who,
                        from,
                        "session.fork",
                        Mono.defer(() -> hot.after(from, who.access(from), Integer.MAX_VALUE, 0)
                                .switchIfEmpty(archive.newest(from, who.access(from), WINDOW))
                                .switchIfEmpty(Mono.error(RedisSessions::notFound))
                                .map(Sessions::alive)))
                .flatMap(read -> upTo(seq, from, read))
                .flatMap(fork -> create(
                                who,
                                to,
                                new SessionCommand.Beginning(
                                        fork.state().get("current_agent"), fork.context(), fork.fork()),
                                key)
                        .delayUntil(made -> made.repeated() || fork.isWhole() ? Mono.empty() : copied(made)));
    }

    private record Forked(SessionCommand.Fork fork, Map<String, String> state, Map<String, String> context) {

        /** Whether it has all messages that it begins with. */
        boolean isWhole() {
            return fork.seq() == fork.messages().size();
        }
    }

    /**
     * Copies the beginning of a fork in the record now, because the other session may be deleted before the fork is archived. If this
     * fails, the archiver does it.
     */
    private Mono<Void> copied(Changed made) {
        return archive.fork(made.conversation(), made.session()).onErrorResume(e -> {
            LOG.debug("The beginning of the fork {} is copied later: {}", made.conversation(), e.getMessage());
            return Mono.empty();
        });
    }

    private Mono<Forked> upTo(long seq, String from, SessionView read) {
        if (seq > read.session().number("message_count")) {
            return Mono.error(ParleyException.badRequest(
                    "seq must be a message's number, at most " + read.session().number("message_count")));
        }
        List<SessionMessage> known =
                read.messages().stream().filter(one -> one.seq() <= seq).toList();
        long first = known.isEmpty() ? seq + 1 : known.get(0).seq();
        int room = WINDOW - known.size();
        // Messages read from Redis may not be in the record yet; those that Redis had dropped before are.
        Mono<List<SessionMessage>> messages = room <= 0 || first == 1
                ? Mono.just(known)
                : archive.upTo(from, read.session().number("generation"), first - 1, room)
                        .map(older ->
                                Stream.concat(older.stream(), known.stream()).toList());
        return messages.map(list -> {
            Map<String, String> state = new LinkedHashMap<>();
            state.put("message_count", Long.toString(seq));
            state.put(
                    "token_count",
                    Long.toString(
                            list.stream().mapToLong(SessionMessage::tokens).sum()));
            state.put("forked_from", from);
            state.put("forked_generation", read.session().text("generation"));
            state.put("forked_seq", Long.toString(seq));
            String pinned = read.session().text("pinned");
            if (!pinned.isEmpty() && Window.pinned(pinned).get(0).seq() <= seq) {
                state.put("pinned", pinned);
            }
            return new Forked(
                    new SessionCommand.Fork(from, read.session().number("generation"), seq, list, state),
                    read.session().fields(),
                    read.session().context());
        });
    }

    /** Reads the session without messages. */
    public Mono<SessionView> get(Principal who, String conversation) {
        return denied(who, conversation, "session.get", Mono.defer(() -> {
            Access access = who.access(conversation);
            return orArchived(hot.newest(conversation, access, 0), () -> archive.newest(conversation, access, 0))
                    .map(Sessions::alive);
        }));
    }

    private static SessionView alive(SessionView read) {
        if (read.session().status().equals("deleted")) {
            throw gone("deleted");
        }
        return read;
    }

    /**
     * Reads the newest messages, as input for a model.
     *
     * @param last maximum number of messages, up to {@value #WINDOW}
     * @param maxTokens maximum number of tokens, as they were counted
     */
    public Mono<SessionView> window(Principal who, String conversation, int last, long maxTokens) {
        return denied(who, conversation, "session.messages", Mono.defer(() -> {
            Access access = who.access(conversation);
            return orArchived(
                            hot.newest(conversation, access, WINDOW),
                            () -> archive.newest(conversation, access, WINDOW))
                    .map(Sessions::alive)
                    .map(read -> new SessionView(
                            read.session(),
                            new Window(last, maxTokens)
                                    .of(
                                            read.messages(),
                                            Window.pinned(read.session().text("pinned"))),
                            read.source()));
        }));
    }

    /**
     * Reads a page of all messages, the oldest first: from the record as far as Redis has dropped them, then from Redis.
     *
     * @param after the number after which the page begins
     */
    public Mono<SessionView> history(Principal who, String conversation, long after, int limit) {
        return denied(who, conversation, "session.messages", Mono.defer(() -> {
            Access access = who.access(conversation);
            return orArchived(
                            hot.after(conversation, access, limit, after)
                                    .flatMap(read -> whole(conversation, after, limit, read)),
                            () -> archive.after(conversation, access, after, limit))
                    .map(Sessions::alive);
        }));
    }

    /** Joins the two parts. Redis was read first, so everything that it had dropped by then is in the record. */
    private Mono<SessionView> whole(String conversation, long after, int limit, SessionView read) {
        List<SessionMessage> tail = read.messages();
        boolean complete = tail.isEmpty()
                ? read.session().number("message_count") <= after
                : tail.get(0).seq() == after + 1;
        if (complete) {
            return Mono.just(read);
        }
        return archive.between(conversation, read.session().number("generation"), after, limit)
                .map(older -> new SessionView(read.session(), joined(older, tail, limit), read.source()));
    }

    private static List<SessionMessage> joined(List<SessionMessage> older, List<SessionMessage> tail, int limit) {
        long last = older.isEmpty() ? 0 : older.get(older.size() - 1).seq();
        return Stream.concat(older.stream(), tail.stream().filter(message -> message.seq() > last))
                .limit(limit)
                .toList();
    }

    /**
     * Restores an archived session before a subscription or a message; does nothing if there is none. A failing archive never blocks a
     * message: the error is logged and the caller continues. Only another tenant's session fails, with {@code not_found}.
     */
    public Mono<Void> revive(String conversation, Access access) {
        if (archive == Archive.NONE) {
            return Mono.empty();
        }
        return hot.tenant(conversation)
                .hasElement()
                .filter(there -> !there)
                .flatMap(missing -> patiently(archive.warm(conversation, access)))
                .onErrorResume(e -> !ParleyException.is(e, ErrorCode.NOT_FOUND), e -> goOn(conversation, e));
    }

    /** Limits the wait. The cached Mono continues after that, so that PostgreSQL's breaker learns the outcome. */
    private static Mono<Void> patiently(Mono<Void> warm) {
        return warm.cache().timeout(PATIENCE, LATE);
    }

    private Mono<Void> goOn(String conversation, Throwable e) {
        if (!(e instanceof ParleyException)) {
            limited.warn("An archived session can't be brought back", conversation, e.getMessage());
        }
        return Mono.empty();
    }

    /** Whether {@link #admit} needs no request for an agent's event. */
    public boolean admits(Principal who, String conversation) {
        return archive == Archive.NONE || who.unrestricted() || claims.settled(conversation, who.tenant());
    }

    /**
     * Checks an agent's first event in a conversation, which would make the conversation its tenant's if Redis does not know the owner; the
     * record may. Continues like {@link #revive} on errors; concurrent callers share one request.
     */
    public Mono<Void> admit(Principal who, String conversation) {
        if (admits(who, conversation)) {
            return Mono.empty();
        }
        Access access = who.access(conversation);
        Mono<Boolean> question = hot.tenant(conversation)
                .flatMap(tenant -> holds(access, tenant))
                .switchIfEmpty(patiently(archive.warm(conversation, access)).thenReturn(true))
                .onErrorResume(
                        e -> !ParleyException.is(e, ErrorCode.NOT_FOUND),
                        e -> goOn(conversation, e).thenReturn(true));
        return claims.settle(conversation, who.tenant(), question);
    }

    /** Whether an answer may be remembered: another tenant's conversation may leave Redis at any moment. */
    private static Mono<Boolean> holds(Access access, String tenant) {
        boolean own = access.tenant().equals(tenant);
        return own || !access.checked() ? Mono.just(own) : Mono.error(RedisSessions.notFound());
    }

    private static Mono<SessionView> orArchived(Mono<SessionView> live, Supplier<Mono<SessionView>> archived) {
        return live.onErrorResume(
                        ParleyException.class,
                        refusal -> refusal.code() == ErrorCode.UNAVAILABLE
                                ? archived.get().switchIfEmpty(Mono.error(refusal))
                                : Mono.error(refusal))
                .switchIfEmpty(Mono.defer(archived))
                .switchIfEmpty(Mono.error(RedisSessions::notFound));
    }

    /**
     * Records a change in the audit trail, also a repeated one: the first try may have been interrupted before it was recorded.
     *
     * @param stands whether the session is as this change leaves it: the same id may have been another change's
     */
    private Mono<Changed> acted(
            Principal who,
            SessionCommand change,
            String what,
            Map<String, String> details,
            Predicate<SessionState> stands) {
        String conversation = change.event().conversation();
        String id = Objects.requireNonNull(change.event().eventId());
        return denied(who, conversation, what, change(who.access(conversation), change))
                .doOnNext(changed -> {
                    if (!changed.repeated() || stands.test(changed.session())) {
                        witness.acted(who, conversation, what, details, id);
                    }
                });
    }

    private <T> Mono<T> denied(Principal who, String conversation, String what, Mono<T> call) {
        return call.doOnError(
                e -> ParleyException.is(e, ErrorCode.NOT_FOUND), e -> witness.refused(who, conversation, what));
    }

    /** Makes a change; first restores a session that has left Redis. */
    private Mono<Changed> change(Access access, SessionCommand change) {
        String conversation = change.event().conversation();
        Mono<SessionReply> once = write(access, change);
        return once.flatMap(reply -> reply instanceof SessionReply.Missing
                        ? archive.warm(conversation, access).then(once)
                        : Mono.just(reply))
                .flatMap(reply -> done(conversation, reply));
    }

    private Mono<SessionReply> write(Access access, SessionCommand change) {
        return Mono.defer(() -> queued.test(change.event().conversation())
                ? Mono.error(ParleyException.of(
                        ErrorCode.UNAVAILABLE, "queued events of this conversation are not in its log yet: try again"))
                : log.change(change.event(), access, change.script()));
    }

    private static Mono<Changed> done(String conversation, SessionReply reply) {
        if (reply instanceof SessionReply.Done done) {
            return Mono.just(new Changed(
                    conversation,
                    done.session(),
                    done.repeated(),
                    done.seq(),
                    done.position().toString()));
        } else if (reply instanceof SessionReply.Ended ended) {
            return Mono.error(gone(ended.status()));
        } else if (reply instanceof SessionReply.Conflict conflict) {
            return Mono.error(ParleyException.of(
                    ErrorCode.CONFLICT,
                    conflict.last().isEmpty()
                            ? "this conversation already has a session: use it, or complete it first"
                            : "the session's last message is number " + conflict.last() + ", not the one expected"));
        }
        return Mono.error(RedisSessions.notFound());
    }

    private static ParleyException gone(String status) {
        return ParleyException.of(ErrorCode.GONE, "the session is " + status);
    }

    private static String idOf(@Nullable String key) {
        return key == null ? Ids.random() : key;
    }
}
