package dev.parley.session;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.archive.DirtySet;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.ForeignKey;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.store.SessionImport;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionSettings;
import dev.parley.store.StoreSettings;
import dev.parley.support.LimitedLog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Imports sessions in the original Python format: {@code session:conv:<id>}, or {@code session:conv:{<id>}} with {@code
 * messages:conv:{<id>}} and {@code context:conv:{<id>}}, which are Parley's own keys. One script creates the session, unless another node
 * has. Keys with braces are renamed to {@code imported:<key>} and expire after {@link #RENAMED_TTL} at the latest. The plain key stays as
 * it is, except for the field {@value #MARK}, which keeps it from being imported again. Answers come on Redis' event loop.
 */
public final class PythonSessions implements SessionImport {

    private static final Logger LOG = LoggerFactory.getLogger(PythonSessions.class);

    static final String MARK = "parley_imported_at";
    static final Duration RENAMED_TTL = Duration.ofDays(7);
    /** Maximum size of one session. */
    static final int MAX_BYTES = 8 << 20;

    private static final String TYPES = "/dev/parley/redis/types.lua";
    private static final Script READ = Script.load(PythonSessions.class, TYPES, "python.lua", "python-read.lua");
    private static final Script IMPORT = Script.load(PythonSessions.class, TYPES, "python.lua", "python-import.lua");
    private static final Script NOTE = Script.load(PythonSessions.class, "python-mark.lua");

    private static final int TRIES = 5;
    /** The longest time that a conversation waits for another master that has its plain key. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final Redis redis;
    private final Keys keys;
    private final DirtySet marks;
    private final StoreSettings settings;
    private final Duration ttl;
    private final PythonSession.Defaults defaults;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));

    public PythonSessions(Redis redis, Keys keys, StoreSettings settings) {
        this.redis = redis;
        this.keys = keys;
        this.marks = new DirtySet(redis, keys.dirty());
        this.settings = settings;
        SessionSettings sessions = settings.sessions();
        boolean archived = settings.postgres().enabled();
        this.ttl = archived ? sessions.unarchivedTtl() : settings.log().ttl();
        this.defaults = new PythonSession.Defaults(
                settings.auth().defaultTenant(),
                sessions.defaultAgent(),
                archived ? sessions.unarchived() : sessions.messages());
    }

    @Override
    public Mono<Boolean> bring(String conversation) {
        return bring(conversation, TRIES);
    }

    private Mono<Boolean> bring(String conversation, int tries) {
        if (tries == 0) {
            return Mono.error(ParleyException.of(
                    ErrorCode.OVERLOADED,
                    keys.session(conversation) + " is being changed by another program while it is imported"));
        }
        return Mono.zip(own(conversation), plain(conversation), (own, plain) -> new Both(conversation, own, plain))
                .flatMap(both -> {
                    // Another node may have imported it since the caller looked,
                    if (both.own.isKnown()) {
                        return Mono.just(true);
                    }
                    // or after this key was read and before the plain key was.
                    if (both.own.isEmpty() && both.plain.isImported()) {
                        return own(conversation).map(Place::isKnown);
                    }
                    return both.isEmpty() ? Mono.just(false) : make(both, tries);
                });
    }

    /**
     * The content of some keys.
     *
     * @param digest of all of it; empty if there is none
     */
    private record Place(String digest, Map<String, String> fields, List<Object> messages, List<Object> context) {

        static final Place EMPTY = new Place("", Map.of(), List.of("", List.of()), List.of("", List.of()));

        /** A plain key that was imported. */
        static final Place IMPORTED = new Place("imported", Map.of(), EMPTY.messages, EMPTY.context);

        /** A session of Parley's. */
        static final Place KNOWN = new Place("known", Map.of(), EMPTY.messages, EMPTY.context);

        static Place of(List<Object> reply) {
            return reply.isEmpty()
                    ? EMPTY
                    : new Place(
                            Script.text(reply.get(1)),
                            SessionMessage.pairs(Script.list(reply.get(2))),
                            reply.subList(3, 5),
                            reply.subList(5, 7));
        }

        boolean isEmpty() {
            return digest.isEmpty() || isImported();
        }

        boolean isImported() {
            return digest.equals(IMPORTED.digest);
        }

        boolean isKnown() {
            return digest.equals(KNOWN.digest);
        }
    }

    /** @param own the content of Parley's own keys */
    private record Both(String conversation, Place own, Place plain) {

        boolean isEmpty() {
            return own.isEmpty() && plain.isEmpty();
        }

        boolean isPlain() {
            return own.fields.isEmpty();
        }

        Map<String, String> fields() {
            return isPlain() ? plain.fields : own.fields;
        }
    }

    private Mono<Place> own(String conversation) {
        String[] all = {keys.session(conversation), keys.messages(conversation), keys.context(conversation)};
        return READ.run(redis, all, Script.bytes(MAX_BYTES)).map(PythonSessions::understood);
    }

    private static Place understood(List<Object> reply) {
        if (reply.size() == 1) {
            String why = Script.text(reply.get(0));
            if (why.equals(Place.KNOWN.digest)) {
                return Place.KNOWN;
            }
            throw ForeignKey.isIn(why) ? ForeignKey.refusal(why) : tooLarge(why.substring("too_large ".length()));
        }
        return Place.of(reply);
    }

    private static ParleyException tooLarge(String key) {
        return conflict(key, "it has more than " + MAX_BYTES + " bytes");
    }

    private static ParleyException conflict(String key, String why) {
        return ParleyException.of(
                ErrorCode.CONFLICT,
                key + " can't be imported: " + why + ". Mend, rename or delete it; see COMING-FROM-PYTHON.md");
    }

    /**
     * The content of the plain key. If its master can't be reached, the conversation begins without it: one master must not stop another
     * one's conversations.
     */
    private Mono<Place> plain(String conversation) {
        String key = keys.plainSession(conversation);
        return READ.run(redis, new String[] {key}, Script.bytes(MAX_BYTES))
                .timeout(PATIENCE, Mono.error(() -> unreached(key)))
                .map(reply -> reply.size() == 1 && ForeignKey.isIn(Script.text(reply.get(0)))
                        ? Place.EMPTY
                        : understood(reply))
                .map(place -> place.fields.containsKey(MARK) ? Place.IMPORTED : place)
                .filter(place -> place.isImported() || PythonSession.isOne(place.fields))
                .defaultIfEmpty(Place.EMPTY)
                .onErrorResume(e -> redis.topology().sharded() && ParleyException.is(e, ErrorCode.UNAVAILABLE), e -> {
                    limited.warn("A session in the Python format is not looked for", key, e.getMessage());
                    return Mono.just(Place.EMPTY);
                });
    }

    private static ParleyException unreached(String key) {
        return ParleyException.of(ErrorCode.UNAVAILABLE, key + " could not be read in " + PATIENCE.toMillis() + " ms");
    }

    private Mono<Boolean> make(Both both, int tries) {
        String conversation = both.conversation;
        String key = both.isPlain() ? keys.plainSession(conversation) : keys.session(conversation);
        // Parsing megabytes of JSON takes too long for an event loop.
        return Mono.fromCallable(() -> read(both, key))
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(session -> make(both, key, session, tries));
    }

    private Mono<Boolean> make(Both both, String key, PythonSession session, int tries) {
        String conversation = both.conversation;
        return IMPORT.run(
                        redis,
                        all(conversation),
                        Script.bytes(both.own.digest),
                        Script.bytes(MAX_BYTES),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(settings.postgres().enabled() ? "1" : ""),
                        Script.bytes(RENAMED_TTL.toMillis()),
                        Script.bytes(json(session)))
                .flatMap(reply -> switch (Script.text(reply.get(0))) {
                    case "known" -> Mono.just(true);
                    case "changed" -> bring(conversation, tries - 1);
                    case "other" ->
                        Mono.error(conflict(key, "tenant_id differs from the tenant that owns the conversation"));
                    case "imported" -> imported(both, key, session).thenReturn(true);
                    default -> Mono.error(ForeignKey.refusal(Script.text(reply.get(0))));
                });
    }

    private String[] all(String conversation) {
        String session = keys.session(conversation);
        String messages = keys.messages(conversation);
        String context = keys.context(conversation);
        return new String[] {
            session,
            messages,
            context,
            keys.imported(session),
            keys.imported(messages),
            keys.imported(context),
            keys.meta(conversation)
        };
    }

    /** Marks and renames the imported keys, even if the caller has left: the session exists. */
    private Mono<Void> imported(Both both, String key, PythonSession session) {
        LOG.info(
                "{} was imported: {} of {} messages, to the tenant {}",
                key,
                session.messages().size(),
                session.count(),
                session.tenant());
        Mono<Void> marked = settings.postgres().enabled() ? marks.set(List.of(both.conversation)) : Mono.empty();
        return (both.isPlain() ? marked.then(note(key)) : marked).cache();
    }

    /** Marks the plain key. Without the mark it would be imported again once Parley has forgotten the session. */
    private Mono<Void> note(String key) {
        return NOTE.run(redis, new String[] {key}, Script.bytes(MARK)).then().onErrorResume(e -> {
            LOG.warn("{} was imported, but could not be marked with {}: {}", key, MARK, e.getMessage());
            return Mono.empty();
        });
    }

    private PythonSession read(Both both, String key) {
        if (!PythonSession.isOne(both.fields())) {
            String odd = both.own.fields.isEmpty() ? beside(both) : key;
            throw conflict(odd, "it belongs to no session in the original Python format");
        }
        String from = key;
        try {
            from = keys.messages(both.conversation);
            List<String> messages = messages(both.own.messages);
            from = keys.context(both.conversation);
            Map<String, String> context = context(both.own.context);
            from = key;
            return PythonSession.of(new PythonSession.Found(both.fields(), messages, context), defaults, Instant.now());
        } catch (ParleyException refusal) {
            throw conflict(from, Objects.requireNonNull(refusal.getMessage()));
        }
    }

    private String beside(Both both) {
        return Script.text(both.own.messages.get(0)).isEmpty()
                ? keys.context(both.conversation)
                : keys.messages(both.conversation);
    }

    private static @Nullable List<String> messages(List<Object> typed) {
        List<Object> content = Script.list(typed.get(1));
        return switch (type(typed)) {
            case "list" -> content.stream().map(Script::text).toList();
            case "string" -> {
                List<String> all = new ArrayList<>();
                PythonSession.array(Script.text(content.get(0))).forEach(one -> all.add(ExactJson.write(one)));
                yield all;
            }
            case "" -> null;
            default -> throw ParleyException.badRequest("a " + type(typed) + " is not a list of messages");
        };
    }

    private static @Nullable Map<String, String> context(List<Object> typed) {
        List<Object> content = Script.list(typed.get(1));
        return switch (type(typed)) {
            case "string" -> PythonSession.object(Script.text(content.get(0)));
            case "hash" -> {
                Map<String, String> context = new LinkedHashMap<>();
                SessionMessage.pairs(content).forEach((name, value) -> context.put(name, PythonSession.value(value)));
                yield context;
            }
            case "" -> null;
            default -> throw ParleyException.badRequest("a " + type(typed) + " is not a context");
        };
    }

    private static String type(List<Object> typed) {
        return typed.get(0) instanceof byte[] type ? Script.text(type) : "";
    }

    private static String json(PythonSession session) {
        ObjectNode script = ExactJson.object().put("tenant", session.tenant()).put("count", session.count());
        pairs(script.putArray("session"), session.fields());
        pairs(script.putArray("context"), session.context());
        ArrayNode list = script.putArray("messages");
        session.messages()
                .forEach(message -> pairs(list.addArray().add(message.seq()).addArray(), message.fields()));
        return ExactJson.write(script);
    }

    private static void pairs(ArrayNode array, Map<String, String> fields) {
        fields.forEach((name, value) -> array.add(name).add(value));
    }
}
