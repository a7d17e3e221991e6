package dev.parley.store;

import dev.parley.archive.DirtySet;
import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.Kind;
import dev.parley.event.Position;
import dev.parley.redis.ForeignKey;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.support.LimitedLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Arguments and replies of {@code append.lua}. */
final class AppendScript {

    private static final Logger LOG = LoggerFactory.getLogger(AppendScript.class);

    /** Precedes every script that may find another program's keys. */
    static final String TYPES = "/dev/parley/redis/types.lua";

    private static final String UNKNOWN = "unknown";
    private static final String PYTHON = "python";

    private static final Script SCRIPT = Script.load(AppendScript.class, TYPES, "append.lua", "results.lua");

    private static final Script LOST =
            Script.load(AppendScript.class, TYPES, "silence.lua", "lost-run.lua", "append.lua", "results.lua");

    private static final Script CHANGE =
            Script.load(AppendScript.class, TYPES, "session-change.lua", "append.lua", "session-changed.lua");

    private static final Script BREAK = Script.load(AppendScript.class, "break.lua", "append.lua", "broken.lua");

    private static final Script UNTOUCHED =
            Script.load(AppendScript.class, TYPES, "untouched.lua", "append.lua", "results.lua");

    private static final byte[] NONE = new byte[0];

    private static final String FULL = "too many messages of its session wait for PostgreSQL";

    private final Keys keys;
    private final StoreSettings settings;
    private final DirtySet marks;
    private final boolean sharded;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));

    AppendScript(Keys keys, StoreSettings settings, DirtySet marks, boolean sharded) {
        this.keys = keys;
        this.settings = settings;
        this.marks = marks;
        this.sharded = sharded;
    }

    /**
     * Runs the script for a batch of one slot, in which each conversation's events are adjacent. Emits one reply per event, in order.
     *
     * @param looked whether {@link SessionImport} was asked for these conversations
     */
    Mono<List<Object>> run(Redis redis, @Nullable String source, List<AppendRequest> batch, boolean looked) {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        batch.forEach(append -> sizes.merge(append.event().conversation(), 1, Integer::sum));
        String[] logs = sizes.keySet().stream().map(keys::log).toArray(String[]::new);
        return SCRIPT.run(redis, logs, arguments(source, sizes.values(), batch, looked));
    }

    /**
     * Appends the end of a run, if the run is silent.
     *
     * @param silence the lease of a run that declares none
     * @return empty if the run has ended or is not silent
     */
    Mono<StoredEvent> runLost(Redis redis, AgentEvent end, Duration silence) {
        return runFor(LOST, redis, List.of(new AppendRequest(end, null, null)), Script.bytes(silence.toMillis()), true)
                .filter(answers -> !answers.isEmpty())
                .flatMap(answers -> noted(answers, 1).thenReturn(answer(answers.get(0))));
    }

    /**
     * Appends the break after a loss, if the log has none after it.
     *
     * @param lost time of the loss, in ms
     */
    Mono<Void> runBreak(Redis redis, AgentEvent broken, long lost) {
        return runFor(BREAK, redis, List.of(new AppendRequest(broken, null, null)), Script.bytes(lost), true)
                .filter(answers -> !answers.isEmpty())
                .map(answers -> answer(answers.get(0)))
                .then();
    }

    /** Appends events to one conversation, if it has no message yet and belongs to no other tenant; empty otherwise. */
    Mono<List<Object>> runUntouched(Redis redis, String owner, List<AppendRequest> events, boolean looked) {
        return runFor(UNTOUCHED, redis, events, Script.bytes(owner), looked).filter(answers -> !answers.isEmpty());
    }

    /** Makes a change of a session and appends its event. */
    Mono<List<Object>> runChange(Redis redis, AppendRequest event, byte[] change, boolean looked) {
        return runFor(CHANGE, redis, List.of(event), change, looked);
    }

    /** Runs a script for one conversation. */
    private Mono<List<Object>> runFor(
            Script script, Redis redis, List<AppendRequest> events, byte[] more, boolean looked) {
        byte[][] plain = arguments(null, List.of(events.size()), events, looked);
        byte[][] arguments = Arrays.copyOf(plain, plain.length + 1);
        arguments[plain.length] = more;
        return script.run(redis, new String[] {keys.log(events.get(0).event().conversation())}, arguments);
    }

    /** Processes the part of a reply that follows the outcomes of that many events. */
    Mono<Void> noted(List<Object> answers, int events) {
        tags(answers, events, '~').forEach(one -> limited.warn("An answer is in the log only", one, FULL));
        return marks.set(toArchive(answers, events));
    }

    /** The conversations whose sessions are to be archived from now on. */
    private static List<String> toArchive(List<Object> answers, int events) {
        return tags(answers, events, '!');
    }

    /** The conversations whose first message is answered now, with the notes stored with these messages. */
    static Map<String, String> answered(List<Object> answers, int events) {
        return notes(answers, events, '?')
                .map(note -> note.split("} ", 2))
                .collect(Collectors.toUnmodifiableMap(note -> note[0].substring("?{".length()), note -> note[1]));
    }

    private static List<String> tags(List<Object> answers, int events, char kind) {
        return notes(answers, events, kind)
                .map(tag -> tag.substring("!{".length(), tag.length() - 1))
                .toList();
    }

    private static Stream<String> notes(List<Object> answers, int events, char kind) {
        return answers.subList(events, answers.size()).stream()
                .map(Script::text)
                .filter(note -> note.charAt(0) == kind);
    }

    private byte[][] arguments(
            @Nullable String source, Collection<Integer> sizes, List<AppendRequest> batch, boolean looked) {
        List<byte[]> all = new ArrayList<>(14 + sizes.size() + 10 * batch.size());
        all.add(Script.bytes(settings.log().maxEvents()));
        all.add(Script.bytes(settings.log().maxBytes().bytes()));
        all.add(Script.bytes(settings.log().ttl().toMillis()));
        all.add(Script.bytes(settings.log().seen()));
        all.add(Script.bytes(settings.log().maxRunText().bytes()));
        all.add(Script.bytes(settings.sessions().messages()));
        all.add(Script.bytes(settings.sessions().defaultAgent()));
        all.add(Script.bytes(settings.auth().defaultTenant()));
        all.add(Script.bytes(sharded ? "SPUBLISH" : "PUBLISH"));
        all.add(optional(source));
        all.add(Script.bytes(keys.prefix()));
        SessionSettings sessions = settings.sessions();
        all.add(Script.bytes(sessions.autoCreate() ? "1" : ""));
        all.add(
                settings.postgres().enabled()
                        ? Script.bytes(sessions.unarchivedTtl().toMillis())
                        : NONE);
        all.add(Script.bytes(sessions.unarchived()));
        Iterator<AppendRequest> appends = batch.iterator();
        for (int size : sizes) {
            all.add(Script.bytes((looked ? "+" : "") + size));
            for (int i = 0; i < size; i++) {
                add(all, appends.next());
            }
        }
        return all.toArray(byte[][]::new);
    }

    /** Each argument costs time in Redis, so rare fields are passed only for events that have one. */
    private static void add(List<byte[]> all, AppendRequest append) {
        AgentEvent event = append.event();
        boolean tool = event.kind() == Kind.TOOL_STARTED || event.kind() == Kind.TOOL_ENDED;
        byte[] id = optional(event.eventId());
        byte[] messageId = optional(event.messageId());
        byte[] extra = extra(event);
        byte[] tenant = tenant(append.access());
        boolean plain = id.length + messageId.length + extra.length + tenant.length == 0;
        all.add(Script.bytes(plain ? event.kind().code() : event.kind().code() + "+"));
        all.add(Script.bytes(event.runKey()));
        all.add(optional(event.agent()));
        all.add(tool ? Script.bytes(event.toolJson()) : event.text() == null ? NONE : event.text());
        all.add(optional(append.sourceId()));
        all.add(event.bytes());
        if (!plain) {
            all.add(id);
            all.add(messageId);
            all.add(extra);
            all.add(tenant);
        }
    }

    private static byte[] extra(AgentEvent event) {
        return switch (event.kind()) {
            case TOOL_STARTED, TOOL_ENDED -> Script.bytes(event.toolKey());
            case HANDOFF -> optional(event.to());
            default -> event.leaseMs() == 0 ? NONE : Script.bytes(event.leaseMs());
        };
    }

    private static byte[] tenant(@Nullable Access access) {
        return access == null ? NONE : Script.bytes((access.checked() ? "=" : "+") + access.tenant());
    }

    private static byte[] optional(@Nullable String value) {
        return value == null ? NONE : Script.bytes(value);
    }

    /**
     * Reads one event's reply.
     *
     * @throws ParleyException when the event was rejected
     */
    static StoredEvent answer(Object element) {
        String answer = Script.text(element);
        if (answer.startsWith("-")) {
            throw refusal(answer.substring(1));
        }
        boolean duplicate = answer.startsWith("=");
        String[] words = answer.substring(duplicate ? 1 : 0).split(" ", -1);
        String agent = words.length > 1 ? words[1] : "";
        boolean toInbox = duplicate ? words.length > 2 : !agent.isEmpty();
        return new StoredEvent(Position.of(words[0]), duplicate, agent, toInbox);
    }

    /** Whether {@link SessionImport} must be asked first. */
    static boolean toBeLookedFor(Object element) {
        String answer = Script.text(element);
        return answer.equals("-" + UNKNOWN) || answer.equals("-" + PYTHON);
    }

    /** The same for a script that replies for a conversation as a whole. */
    static boolean toBeLookedFor(List<Object> reply) {
        return !reply.isEmpty()
                && reply.get(0) instanceof byte[] word
                && (Script.text(word).equals(UNKNOWN) || Script.text(word).equals(PYTHON));
    }

    static ParleyException refusal(String reason) {
        if (ForeignKey.isIn(reason)) {
            return ForeignKey.refusal(reason);
        }
        if (reason.startsWith("used ")) {
            String[] words = reason.split(" ", 3);
            return ParleyException.of(
                    ErrorCode.CONFLICT,
                    words[1] + " was used before, for " + words[2]
                            + ": use a new Idempotency-Key, event_id or message_id for each request");
        }
        if (reason.equals(PYTHON)) {
            return ParleyException.of(
                    ErrorCode.CONFLICT,
                    "the session's key holds one in the original Python format, which is not imported: see COMING-FROM-PYTHON.md");
        }
        if (reason.equals("not_found")) {
            return notFound();
        }
        if (reason.equals("overloaded")) {
            return overloaded();
        }
        ErrorCode code = Redis.isPassing(reason) ? ErrorCode.UNAVAILABLE : ErrorCode.INTERNAL;
        return ParleyException.of(code, "Redis rejects the event: " + reason);
    }

    static ParleyException overloaded() {
        return ParleyException.of(
                ErrorCode.OVERLOADED, "too many messages of this conversation wait to be archived: try again later");
    }

    static ParleyException notFound() {
        return ParleyException.of(ErrorCode.NOT_FOUND, "there is no such conversation");
    }
}
