package dev.parley.store;

import dev.parley.event.Position;
import dev.parley.redis.Script;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The outcome of a change of a session. */
public sealed interface SessionReply {

    /**
     * The change was made, now or before.
     *
     * @param position of its event
     * @param repeated whether it was made before under the same id
     * @param seq the number of the message, 0 without one
     * @param toArchive whether the session turned from clean to dirty
     * @param session the present state
     */
    record Done(Position position, boolean repeated, long seq, boolean toArchive, SessionState session)
            implements SessionReply {}

    /** Redis has no session of that conversation. */
    record Missing() implements SessionReply {}

    /** The session has ended: {@code completed} or {@code deleted}. */
    record Ended(String status) implements SessionReply {}

    /**
     * There is a session already, or its last message has another number than expected.
     *
     * @param last that number; empty for the former reason
     */
    record Conflict(String last) implements SessionReply {}

    /** The context was changed concurrently: its present values by name, empty for none. */
    record ContextChanged(Map<String, String> now) implements SessionReply {}

    /** Reads a script's reply; throws a {@link dev.parley.error.ParleyException} for a rejection that does not depend on the change. */
    static SessionReply of(List<Object> reply) {
        String what = Script.text(reply.get(0));
        return switch (what) {
            case "done", "repeated" ->
                new Done(
                        Position.of(Script.text(reply.get(1))),
                        what.equals("repeated"),
                        number(Script.text(reply.get(2))),
                        Script.text(reply.get(3)).equals("1"),
                        new SessionState(
                                SessionMessage.pairs(Script.list(reply.get(4))),
                                SessionMessage.pairs(Script.list(reply.get(5)))));
            case "missing" -> new Missing();
            case "gone" -> new Ended(Script.text(reply.get(1)));
            case "conflict" -> new Conflict(Script.text(reply.get(1)));
            case "changed" -> changed(reply);
            case "overloaded" -> throw AppendScript.overloaded();
            default -> throw AppendScript.refusal(what);
        };
    }

    private static ContextChanged changed(List<Object> reply) {
        Map<String, String> now = new LinkedHashMap<>();
        for (int i = 1; i < reply.size(); i += 2) {
            now.put(Script.text(reply.get(i)), Script.text(reply.get(i + 1)));
        }
        return new ContextChanged(now);
    }

    private static long number(String text) {
        return text.isEmpty() ? 0 : Long.parseLong(text);
    }
}
