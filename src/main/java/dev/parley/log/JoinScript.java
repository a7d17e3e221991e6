package dev.parley.log;

import dev.parley.auth.Access;
import dev.parley.event.Position;
import dev.parley.frame.Gap;
import dev.parley.redis.Keys;
import dev.parley.redis.Script;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code join.lua}'s arguments and answers. */
final class JoinScript {

    static final Script SCRIPT = Script.load(JoinScript.class, "silence.lua", "join.lua");

    private static final int PAGE_EVENTS = 128;

    private final Keys keys;
    private final LogSettings settings;

    JoinScript(Keys keys, LogSettings settings) {
        this.keys = keys;
        this.settings = settings;
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

    byte[][] arguments(@Nullable Position since, @Nullable Access access) {
        return new byte[][] {
            Script.bytes(since == null ? "" : since.toString()),
            Script.bytes(settings.resumeEvents()),
            Script.bytes(settings.resumeBytes()),
            Script.bytes(PAGE_EVENTS),
            Script.bytes(settings.pageBytes()),
            Script.bytes(access == null || !access.checked() ? "" : access.tenant()),
            Script.bytes(access == null || access.mayBeNew() ? "1" : "0"),
            Script.bytes(settings.sessions().messages()),
            Script.bytes(settings.defaultTenant()),
            Script.bytes(settings.silence().toMillis())
        };
    }

    /** Whether a run in the answer may be lost. */
    static boolean lostRuns(List<Object> reply) {
        return Script.text(reply.get(0)).equals("snapshot")
                && Script.text(reply.get(9)).equals("1");
    }

    /**
     * Reads the answer.
     *
     * @throws dev.parley.frame.Refusal {@code not_found}
     */
    static Joined answer(@Nullable Position since, List<Object> reply) {
        return switch (Script.text(reply.get(0))) {
            case "events" -> missed(reply);
            case "snapshot" -> snapshot(since, reply);
            default -> throw AppendScript.notFound();
        };
    }

    private static Joined missed(List<Object> reply) {
        List<LogEntry> entries =
                Script.list(reply.get(2)).stream().map(JoinScript::entry).toList();
        return new Joined.Missed(position(reply.get(1)), entries, pending(reply.get(3)));
    }

    /** An entry's fields are {@code e}, the event, and {@code m}, {@code <bytes> <events>} and perhaps {@code  <event id>}. */
    private static LogEntry entry(Object element) {
        List<Object> entry = Script.list(element);
        List<Object> fields = Script.list(entry.get(1));
        String[] marks = Script.text(fields.get(3)).split(" ", 3);
        return new LogEntry(position(entry.get(0)), marks.length == 3 ? marks[2] : null, (byte[]) fields.get(1));
    }

    private static Joined snapshot(@Nullable Position since, List<Object> reply) {
        Position last = position(reply.get(1));
        String reason = Script.text(reply.get(2));
        Gap gap = since == null || reason.isEmpty()
                ? null
                : new Gap(
                        Gap.Reason.of(reason),
                        since.toString(),
                        position(reply.get(3)).toString(),
                        last.toString());
        return new Joined.Snapshot(
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
