package dev.parley.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.event.Utf8;
import dev.parley.protocol.MessageContent;
import dev.parley.store.SessionMessage;
import dev.parley.support.ExactNumbers;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A session in the original Python format, converted to Parley's.
 *
 * @param tenant its owner
 * @param fields of the session's hash, without its generation and the number of its messages
 * @param context JSON by name
 * @param messages the newest, the oldest of these first
 * @param count number of all messages, and so the number of the last one
 */
record PythonSession(
        String tenant,
        Map<String, String> fields,
        Map<String, String> context,
        List<SessionMessage> messages,
        long count) {

    /** The fields that the original code writes. A hash with none of them is something else. */
    private static final Set<String> KNOWN = Set.of(
            "tenant_id",
            "current_agent",
            "status",
            "turn_count",
            "token_count",
            "started_at",
            "last_activity",
            "context",
            "messages");

    private static final Set<String> STATUSES = Set.of("active", "completed");
    private static final Set<String> ROLES = Set.of("user", "assistant", "system", "tool");
    private static final List<String> TIMES = List.of("timestamp", "at", "created_at");

    /** Larger numbers are milliseconds, smaller ones seconds: year 5138, and March 1973. */
    private static final double SECONDS = 1e11;

    private static final JsonMapper JSON = ExactNumbers.sent(500);

    /**
     * The content of the keys.
     *
     * @param fields of the hash
     * @param messages JSON, the oldest first, if they have a key of their own; null if they are a field of the hash
     * @param context JSON by name, if it has a key of its own; null if it is a field of the hash
     */
    record Found(
            Map<String, String> fields,
            @Nullable List<String> messages,
            @Nullable Map<String, String> context) {}

    /**
     * Values that such a session does not have itself.
     *
     * @param most maximum number of imported messages
     */
    record Defaults(String tenant, String agent, int most) {}

    static boolean isOne(Map<String, String> fields) {
        return fields.keySet().stream().anyMatch(KNOWN::contains);
    }

    /** Throws {@code bad_request}, which names the field. */
    static PythonSession of(Found found, Defaults defaults, Instant now) {
        Map<String, String> hash = found.fields();
        Map<String, String> fields = new LinkedHashMap<>();
        String tenant = id(hash, "tenant_id", defaults.tenant());
        fields.put("tenant_id", tenant);
        fields.put("current_agent", id(hash, "current_agent", defaults.agent()));
        String status = hash.getOrDefault("status", "active");
        if (!STATUSES.contains(status)) {
            throw ParleyException.badRequest("status must be active or completed");
        }
        fields.put("status", status);
        for (String name : List.of("turn_count", "token_count")) {
            fields.put(name, Long.toString(count(name, hash.getOrDefault(name, "0"))));
        }
        Instant started = time("started_at", hash.get("started_at"), now);
        Instant last = time("last_activity", hash.get("last_activity"), started);
        fields.put("started_at", Long.toString(started.toEpochMilli()));
        fields.put("last_activity", Long.toString(last.toEpochMilli()));
        List<JsonNode> all = messages(found);
        List<SessionMessage> kept = new ArrayList<>();
        for (int i = Math.max(0, all.size() - defaults.most()); i < all.size(); i++) {
            kept.add(message("messages[" + i + "]", i + 1L, all.get(i), last));
        }
        return new PythonSession(tenant, fields, context(found), kept, all.size());
    }

    private static String id(Map<String, String> hash, String name, String otherwise) {
        String value = hash.getOrDefault(name, "");
        if (value.isEmpty()) {
            return otherwise;
        }
        if (!Ids.valid(value)) {
            throw ParleyException.badRequest(name + " " + Ids.RULE);
        }
        return value;
    }

    private static long count(String name, String text) {
        if (!text.matches("\\d{1,15}")) {
            throw ParleyException.badRequest(name + " must be a whole number of 15 digits at most");
        }
        return Long.parseLong(text);
    }

    private static Instant time(String name, @Nullable String text, Instant otherwise) {
        if (text == null || text.isEmpty()) {
            return otherwise;
        }
        try {
            if (text.matches("\\d{1,15}(\\.\\d*)?")) {
                double number = Double.parseDouble(text);
                return Instant.ofEpochMilli((long) (number < SECONDS ? number * 1_000 : number));
            }
            String iso = text.replaceFirst("^(\\d{4}-\\d{2}-\\d{2}) ", "$1T");
            return iso.matches(".*(Z|[+-]\\d{2}:\\d{2})$")
                    ? OffsetDateTime.parse(iso).toInstant()
                    : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException e) {
            throw ParleyException.badRequest(name + " must be ISO 8601, or seconds or milliseconds since 1970");
        }
    }

    private static List<JsonNode> messages(Found found) {
        List<JsonNode> all = new ArrayList<>();
        if (found.messages() != null) {
            for (String one : found.messages()) {
                all.add(json("messages[" + all.size() + "]", one));
            }
            return all;
        }
        String text = found.fields().getOrDefault("messages", "");
        if (!text.isEmpty()) {
            array(text).forEach(all::add);
        }
        return all;
    }

    /** The elements of a JSON array under the name {@code messages}. */
    static JsonNode array(String text) {
        JsonNode array = json("messages", text);
        if (!array.isArray()) {
            throw ParleyException.badRequest("messages must be a JSON array");
        }
        return array;
    }

    private static Map<String, String> context(Found found) {
        Map<String, String> given =
                found.context() == null ? object(found.fields().getOrDefault("context", "")) : found.context();
        given.keySet().forEach(name -> {
            if (!Ids.valid(name)) {
                throw ParleyException.badRequest("a name in context " + Ids.RULE);
            }
        });
        MergePatch.requireRoom(Map.of(), given);
        return given;
    }

    /** A JSON object's members as JSON, without those that are null; none of an empty text. */
    static Map<String, String> object(String text) {
        Map<String, String> members = new LinkedHashMap<>();
        if (text.isEmpty()) {
            return members;
        }
        JsonNode tree = json("context", text);
        if (!(tree instanceof ObjectNode object)) {
            throw ParleyException.badRequest("context must be a JSON object");
        }
        object.properties().forEach(member -> {
            if (!member.getValue().isNull()) {
                members.put(member.getKey(), ExactJson.write(member.getValue()));
            }
        });
        return members;
    }

    /** The value of a field: JSON, or else a text. */
    static String value(String text) {
        try {
            return ExactJson.write(JSON.readTree(text));
        } catch (JsonProcessingException e) {
            return MessageContent.text(text).json();
        }
    }

    private static SessionMessage message(String where, long seq, JsonNode message, Instant otherwise) {
        if (!message.isObject()) {
            throw ParleyException.badRequest(where + " must be an object");
        }
        Map<String, String> fields = new LinkedHashMap<>();
        String role = message.path("role").asText("");
        if (!ROLES.contains(role)) {
            throw ParleyException.badRequest(where + ".role must be user, assistant, system or tool");
        }
        fields.put("role", role);
        fields.put("content", content(where, message.path("content")));
        fields.put("agent", textId(message, "agent", ""));
        fields.put("message_id", textId(message, "message_id", "imported-" + seq));
        for (String name : List.of("name", "tool_call_id")) {
            if (message.path(name).isTextual()) {
                fields.put(name, unicode(where + "." + name, message.path(name).textValue()));
            }
        }
        JsonNode calls = message.path("tool_calls");
        if (calls.isArray() && !calls.isEmpty()) {
            fields.put("tool_calls", ExactJson.write(calls));
        }
        JsonNode tokens = message.path("tokens");
        if (!tokens.isMissingNode() && !tokens.isNull()) {
            long counted = count(where + ".tokens", tokens.asText());
            if (counted > 0) {
                fields.put("tokens", Long.toString(counted));
            }
        }
        Instant at = otherwise;
        for (String name : TIMES) {
            if (message.hasNonNull(name)) {
                at = time(where + "." + name, message.path(name).asText(), otherwise);
                break;
            }
        }
        fields.put("at", Long.toString(at.toEpochMilli()));
        return new SessionMessage(seq, fields);
    }

    private static String content(String where, JsonNode content) {
        if (content.isMissingNode() || content.isNull()) {
            return "\"\"";
        }
        try {
            return unicode(where + ".content", MessageContent.of(content).json());
        } catch (ParleyException refusal) {
            throw ParleyException.badRequest(where + "." + refusal.getMessage());
        }
    }

    /** Leaves out what is no id of Parley's: nothing refers to it. */
    private static String textId(JsonNode message, String name, String otherwise) {
        String value = message.path(name).asText("");
        return Ids.valid(value) ? value : otherwise;
    }

    private static String unicode(String field, String text) {
        if (!Utf8.canEncode(text)) {
            throw ParleyException.badRequest(field + " has half a surrogate pair: it must be well-formed Unicode");
        }
        return text;
    }

    private static JsonNode json(String where, String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw ParleyException.badRequest(where + " is not JSON (RFC 8259), at character "
                    + (e.getLocation() == null ? 0 : e.getLocation().getCharOffset()));
        }
    }
}
