package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.store.SessionMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The part of a session that a model receives: its newest messages, with the pinned prompt in front, and no tool's result without its call.
 *
 * @param last maximum number of messages, including the prompt
 * @param maxTokens maximum number of tokens, as they were counted when the messages were appended; the prompt is always included
 */
record Window(int last, long maxTokens) {

    /** @param messages the newest ones, the oldest of them first */
    List<SessionMessage> of(List<SessionMessage> messages, List<SessionMessage> pinned) {
        long tokens = pinned.stream().mapToLong(SessionMessage::tokens).sum();
        int room = last - pinned.size();
        Deque<SessionMessage> taken = new ArrayDeque<>();
        for (int i = messages.size() - 1; i >= 0; i--) {
            SessionMessage message = messages.get(i);
            if (pinned.stream().anyMatch(one -> one.seq() == message.seq())) {
                continue;
            }
            tokens += message.tokens();
            if (taken.size() >= room || tokens > maxTokens) {
                break;
            }
            taken.addFirst(message);
        }
        List<SessionMessage> window = new ArrayList<>(answered(taken));
        pinned.forEach(one -> window.add(place(window, one), one));
        return window;
    }

    private static int place(List<SessionMessage> window, SessionMessage one) {
        int at = 0;
        while (at < window.size() && window.get(at).seq() < one.seq()) {
            at++;
        }
        return at;
    }

    private static List<SessionMessage> answered(Iterable<SessionMessage> messages) {
        Set<String> calls = new HashSet<>();
        List<SessionMessage> kept = new ArrayList<>();
        for (SessionMessage message : messages) {
            String calling = message.field("tool_calls");
            if (calling != null) {
                ExactJson.read(calling)
                        .forEach(call -> calls.add(call.path("id").asText()));
            }
            if (!message.role().equals("tool") || calls.contains(message.field("tool_call_id"))) {
                kept.add(message);
            }
        }
        return kept;
    }

    /** Reads the prompt as the session stores it: its number, then the message's fields, names and values in turn. */
    static List<SessionMessage> pinned(String kept) {
        if (kept.isEmpty()) {
            return List.of();
        }
        JsonNode array = ExactJson.read(kept);
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 1; i + 1 < array.size(); i += 2) {
            fields.put(array.get(i).asText(), array.get(i + 1).asText());
        }
        return List.of(new SessionMessage(array.get(0).asLong(), fields));
    }
}
