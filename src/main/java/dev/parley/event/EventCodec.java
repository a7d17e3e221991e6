package dev.parley.event;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Parses events as a stream and without a tree: an event's bytes are read once and passed on unchanged.
 *
 * <p>Thread-safe; never blocks.
 */
public final class EventCodec {

    /** Only UTF-8: offsets into UTF-16 would be wrong, and a byte order mark would end up inside a frame. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(AgentEvent.MAX_DEPTH)
                    .maxDocumentLength(AgentEvent.MAX_BYTES)
                    .build())
            .build();

    private EventCodec() {}

    /**
     * Reads and checks an agent's event: well-formed UTF-8 and JSON to the last byte, at most {@link AgentEvent#MAX_BYTES}.
     *
     * @throws InvalidEventException when anything is wrong with it
     */
    public static AgentEvent parse(byte[] bytes) {
        return read(bytes).event();
    }

    /**
     * As {@link #parse}, for one of many events of which only some are wanted: the others are not parsed beyond their conversation.
     *
     * @param wanted asked about {@code payload.conversation_id} as soon as that has been read
     * @return null when it is not wanted
     */
    public static @Nullable AgentEvent parseIf(Predicate<String> wanted, byte[] bytes) {
        Reading reading = read(bytes, wanted);
        if (reading == null) {
            return null;
        }
        check(bytes);
        return reading.event();
    }

    /**
     * As {@link #parse}, for an event that was sent to one conversation: its {@code payload.conversation_id} must be that one, and is
     * put in where it is missing.
     */
    public static AgentEvent parse(byte[] bytes, String conversation) {
        return sentTo(conversation, read(bytes));
    }

    private static AgentEvent sentTo(String conversation, Reading reading) {
        if (reading.conversation == null && reading.payloadStart >= 0) {
            return parse(reading.withConversation(conversation));
        }
        AgentEvent event = reading.event();
        if (!event.conversation().equals(conversation)) {
            throw new InvalidEventException("payload.conversation_id is " + event.conversation()
                    + ", but the event was sent to " + conversation + ": leave it out or make them the same");
        }
        return event;
    }

    /**
     * Makes an event of its parts.
     *
     * @param payload a JSON object, passed on as it is
     * @param conversation as for {@link #parse(byte[], String)}; null when the payload has to say it
     * @throws InvalidEventException when a part is wrong
     */
    public static AgentEvent assemble(
            String type, @Nullable String eventId, String timestamp, byte[] payload, @Nullable String conversation) {
        byte[] head = ("{\"event\":" + quoted(type) + (eventId == null ? "" : ",\"event_id\":" + quoted(eventId))
                        + ",\"timestamp\":" + quoted(timestamp) + ",\"payload\":")
                .getBytes(StandardCharsets.UTF_8);
        byte[] bytes = Arrays.copyOf(head, head.length + payload.length + 1);
        System.arraycopy(payload, 0, bytes, head.length, payload.length);
        bytes[bytes.length - 1] = '}';
        Reading reading = read(bytes);
        if (!isBlank(bytes, reading.payloadEnd, bytes.length - 1)) {
            throw new InvalidEventException("payload must be one JSON object");
        }
        return conversation == null ? reading.event() : sentTo(conversation, reading);
    }

    private static boolean isBlank(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\n' && bytes[i] != '\r') {
                return false;
            }
        }
        return from >= 0;
    }

    private static String quoted(String value) {
        return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(value)) + "\"";
    }

    private static Reading read(byte[] bytes) {
        check(bytes);
        return Objects.requireNonNull(read(bytes, any -> true));
    }

    /** Null at a conversation that is not wanted. */
    private static @Nullable Reading read(byte[] bytes, Predicate<String> wanted) {
        try (JsonParser parser = JSON.createParser(bytes)) {
            Reading reading = new Reading(parser, bytes, wanted);
            return reading.read() ? reading : null;
        } catch (JsonProcessingException e) {
            throw notJson(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void check(byte[] bytes) {
        if (bytes.length > AgentEvent.MAX_BYTES) {
            throw InvalidEventException.tooLarge(bytes.length);
        }
        if (!Utf8.valid(bytes)) {
            throw new InvalidEventException("the event is not valid UTF-8");
        }
    }

    private static InvalidEventException notJson(JsonProcessingException e) {
        return new InvalidEventException("the event is not JSON: " + e.getOriginalMessage());
    }

    /** One pass over one event. */
    private static final class Reading {
        private final JsonParser parser;
        private final byte[] bytes;
        private final Predicate<String> wanted;
        private @Nullable String type;
        private @Nullable String eventId;
        private int payloadStart = -1;
        private int payloadEnd = -1;
        private boolean payloadEmpty = true;
        private @Nullable String conversation;
        private @Nullable String run;
        private @Nullable String agent;
        private @Nullable String messageId;
        private byte @Nullable [] chunk;
        private byte @Nullable [] content;
        private byte @Nullable [] tool;
        private @Nullable String toolCall;
        private @Nullable String to;
        private long leaseMs;
        private boolean isAhead;
        private @Nullable String nameAhead;

        Reading(JsonParser parser, byte[] bytes, Predicate<String> wanted) {
            this.parser = parser;
            this.bytes = bytes;
            this.wanted = wanted;
        }

        /** Reads to the end, or returns false at a conversation that is not wanted. */
        boolean read() throws IOException {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new InvalidEventException("the event must be a JSON object");
            }
            String name;
            while ((name = parser.nextFieldName()) != null) {
                parser.nextToken();
                if (name.equals("payload")) {
                    if (!payload()) {
                        return false;
                    }
                } else {
                    topLevel(name);
                }
            }
            if (parser.nextToken() != null) {
                throw new InvalidEventException("the event has text after its closing brace: send one object");
            }
            return true;
        }

        private void topLevel(String name) throws IOException {
            switch (name) {
                case "event" -> {
                    if (type != null) {
                        throw new InvalidEventException("the event has event twice: send it once");
                    }
                    type = id("event");
                }
                case "event_id" -> eventId = optionalId("event_id");
                default -> parser.skipChildren();
            }
        }

        private boolean payload() throws IOException {
            if (payloadStart >= 0) {
                throw new InvalidEventException("the event has payload twice: send it once");
            }
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw new InvalidEventException("payload must be a JSON object");
            }
            payloadStart = Math.toIntExact(parser.currentTokenLocation().getByteOffset());
            String name;
            while ((name = nextName()) != null) {
                payloadEmpty = false;
                parser.nextToken();
                switch (name) {
                    case "conversation_id" -> {
                        conversation = id("payload.conversation_id");
                        if (conversation != null && !wanted.test(conversation)) {
                            return false;
                        }
                    }
                    case "run" -> run = optionalId("payload.run");
                    case "agent" -> agent = optionalId("payload.agent");
                    case "message_id" -> messageId = optionalId("payload.message_id");
                    case "chunk" -> chunk = stringBody();
                    case "content" -> content = stringBody();
                    case "tool" -> tool = stringBody();
                    case "tool_call_id" -> toolCall = toolCall();
                    case "to" -> to = optionalId("payload.to");
                    case "lease_ms" -> leaseMs = leaseMillis();
                    default -> parser.skipChildren();
                }
            }
            payloadEnd = Math.toIntExact(parser.currentLocation().getByteOffset());
            return true;
        }

        byte[] withConversation(String id) {
            byte[] field = ("\"conversation_id\":\"" + id + "\"" + (payloadEmpty ? "" : ","))
                    .getBytes(StandardCharsets.US_ASCII);
            int at = payloadStart + 1;
            byte[] all = Arrays.copyOf(bytes, bytes.length + field.length);
            System.arraycopy(field, 0, all, at, field.length);
            System.arraycopy(bytes, at, all, at + field.length, bytes.length - at);
            return all;
        }

        AgentEvent event() {
            if (type == null) {
                throw new InvalidEventException("event is missing: it names the event, such as agent.tool.started");
            }
            if (payloadStart < 0) {
                throw new InvalidEventException("payload is missing: a JSON object with conversation_id");
            }
            if (conversation == null) {
                throw new InvalidEventException("payload.conversation_id is missing: it names the conversation");
            }
            Kind kind = Kind.ofAgentEvent(type);
            byte[] text = kind == Kind.CHUNK ? chunk : content;
            return new AgentEvent(
                    type, kind, conversation, eventId, run, agent, messageId, text, tool, toolCall, to, leaseMs, bytes);
        }

        private @Nullable String id(String field) throws IOException {
            if (parser.currentToken() == JsonToken.VALUE_NULL) {
                return null;
            }
            if (parser.currentToken() != JsonToken.VALUE_STRING || !Ids.valid(parser.getText())) {
                throw new InvalidEventException(field + " " + Ids.RULE);
            }
            return parser.getText();
        }

        /** An empty id counts as absent: some clients always write the field. */
        private @Nullable String optionalId(String field) throws IOException {
            return isEmptyString() ? null : id(field);
        }

        private @Nullable String toolCall() throws IOException {
            if (parser.currentToken() == JsonToken.VALUE_NULL || isEmptyString()) {
                return null;
            }
            if (parser.currentToken() != JsonToken.VALUE_STRING || !Ids.validToolCall(parser.getText())) {
                throw new InvalidEventException("payload.tool_call_id " + Ids.TOOL_CALL_RULE);
            }
            return parser.getText();
        }

        private boolean isEmptyString() throws IOException {
            return parser.currentToken() == JsonToken.VALUE_STRING && parser.getTextLength() == 0;
        }

        private long leaseMillis() throws IOException {
            if (parser.currentToken() == JsonToken.VALUE_NULL) {
                return 0;
            }
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
                    || parser.getNumberType() != JsonParser.NumberType.INT
                    || parser.getIntValue() <= 0) {
                throw new InvalidEventException("payload.lease_ms must be a whole number of milliseconds above 0");
            }
            return Math.max(AgentEvent.SHORTEST_LEASE_MS, Math.min(AgentEvent.LONGEST_LEASE_MS, parser.getIntValue()));
        }

        /**
         * The bytes between the quotes of the parser's present string; null for any other value. Its end is found from the next token,
         * because asking the parser for it would decode the string.
         */
        private byte @Nullable [] stringBody() throws IOException {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                parser.skipChildren();
                return null;
            }
            int from = Math.toIntExact(parser.currentTokenLocation().getByteOffset()) + 1;
            nameAhead = parser.nextFieldName();
            isAhead = true;
            int to = Math.toIntExact(parser.currentTokenLocation().getByteOffset()) - 1;
            while (bytes[to] != '"') {
                to--;
            }
            return Arrays.copyOfRange(bytes, from, to);
        }

        private @Nullable String nextName() throws IOException {
            if (isAhead) {
                isAhead = false;
                return nameAhead;
            }
            return parser.nextFieldName();
        }
    }
}
