package dev.parley.store;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import dev.parley.protocol.ResumeGap;
import dev.parley.redis.Keys;
import dev.parley.redis.Script;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Arguments and replies of {@code join.lua}. */
final class JoinScript {

    static final Script SCRIPT = Script.load(JoinScript.class, AppendScript.TYPES, "silence.lua", "join.lua");

    private static final int PAGE_EVENTS = 128;

    private final Keys keys;
    private final StoreSettings settings;
    private final long pageBytes;

    /** @param pageBytes approximate bytes of missed events per read */
    JoinScript(Keys keys, StoreSettings settings, long pageBytes) {
        this.keys = keys;
        this.settings = settings;
        this.pageBytes = pageBytes;
    }

    String[] keys(String conversation) {
        return new String[] {
            keys.log(conversation),
            keys.meta(conversation),
            keys.runs(conversation),
            keys.session(conversation),
            keys.messages(conversation)
        };
    }

    /** @param lost time of the last loss of durable streams, in ms; 0 for never */
    byte[][] arguments(@Nullable Position since, @Nullable Access access, long lost) {
        return new byte[][] {
            Script.bytes(since == null ? "" : since.toString()),
            Script.bytes(settings.resume().limit()),
            Script.bytes(settings.resume().limitBytes().bytes()),
            Script.bytes(PAGE_EVENTS),
            Script.bytes(pageBytes),
            Script.bytes(access == null || !access.checked() ? "" : access.tenant()),
            Script.bytes(access == null || access.mayBeNew() ? "1" : "0"),
            Script.bytes(settings.sessions().messages()),
            Script.bytes(settings.auth().defaultTenant()),
            Script.bytes(settings.runs().silence().toMillis()),
            Script.bytes(lost),
            Script.bytes(settings.log().ttl().toMillis())
        };
    }

    /** Whether the log must record the last loss first. */
    static boolean unbroken(List<Object> reply) {
        return word(reply).equals("unbroken");
    }

    private static String word(List<Object> reply) {
        return Script.text(reply.get(0));
    }

    /** Whether {@link SessionImport} may find more of the conversation than the reply has. */
    static boolean toBeLookedFor(List<Object> reply) {
        return word(reply).endsWith("?") || AppendScript.toBeLookedFor(reply);
    }

    /** Whether a run in the reply may be lost. */
    static boolean lostRuns(List<Object> reply) {
        return word(reply).equals("snapshot") && Script.text(reply.get(9)).equals("1");
    }

    /**
     * Reads the reply.
     *
     * @throws dev.parley.error.ParleyException {@code not_found}, {@code conflict}
     */
    static JoinResult answer(@Nullable Position since, List<Object> reply) {
        String word = word(reply);
        return switch (word.endsWith("?") ? word.substring(0, word.length() - 1) : word) {
            case "events" -> missed(reply);
            case "snapshot" -> snapshot(since, reply);
            case "not_found" -> throw AppendScript.notFound();
            default -> throw AppendScript.refusal(word);
        };
    }

    private static JoinResult missed(List<Object> reply) {
        List<LogEntry> entries =
                Script.list(reply.get(2)).stream().map(JoinScript::entry).toList();
        return new JoinResult.Missed(position(reply.get(1)), entries, pending(reply.get(3)));
    }

    /**
     * An entry's fields are {@code e}, the event, {@code m}, {@code <bytes> <events>} and perhaps {@code  <event id>}, and {@code l} where
     * the event is late.
     */
    private static LogEntry entry(Object element) {
        List<Object> entry = Script.list(element);
        List<Object> fields = Script.list(entry.get(1));
        String[] marks = Script.text(fields.get(3)).split(" ", 3);
        return new LogEntry(
                position(entry.get(0)), marks.length == 3 ? marks[2] : null, fields.size() > 4, (byte[]) fields.get(1));
    }

    private static JoinResult snapshot(@Nullable Position since, List<Object> reply) {
        Position last = position(reply.get(1));
        String reason = Script.text(reply.get(2));
        ResumeGap gap = since == null || reason.isEmpty()
                ? null
                : new ResumeGap(
                        ResumeGap.Reason.of(reason),
                        since.toString(),
                        position(reply.get(3)).toString(),
                        last.toString());
        return new JoinResult.Snapshot(
                last,
                gap,
                SnapshotJson.session(Script.list(reply.get(4))),
                SnapshotJson.messages(Script.list(reply.get(5))),
                SnapshotJson.runs(Script.list(reply.get(6)), Script.list(reply.get(7))),
                pending(reply.get(8)));
    }

    private static Position position(Object element) {
        return Position.of(Script.text(element));
    }

    private static boolean pending(Object element) {
        return Script.text(element).equals("1");
    }
}
