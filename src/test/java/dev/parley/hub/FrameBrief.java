package dev.parley.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.support.FoldCases;
import java.io.UncheckedIOException;

/**
 * A frame of a hub in brief: {@code subscribed}, {@code resumed:1} (from position 1) or {@code gap:lost}; {@code snapshot:2} (at position
 * 2) or {@code snapshot:archive}; {@code 3} for the event at position 3, {@code 3!} for a late one; {@code ~3} for an ephemeral one;
 * {@code e3?} for a pending one, {@code e3@3} for its place.
 */
public final class FrameBrief {

    private FrameBrief() {}

    /** @param json a frame's */
    public static String of(String json) {
        JsonNode frame = json(json);
        String position = number(frame.path("position").asText());
        String type = frame.path("type").asText();
        return switch (type) {
            case "subscribed" -> subscribed(frame, position);
            case "snapshot" -> "snapshot:" + frame.path("source").asText(position);
            case "placed" -> frame.path("event_id").asText() + "@" + position + late(frame);
            case "event" ->
                frame.path("pending").asBoolean()
                        ? frame.path("event_id").asText() + "?"
                        : event(frame, position) + late(frame);
            default -> throw new AssertionError("a hub does not send " + json);
        };
    }

    static JsonNode json(String json) {
        try {
            return FoldCases.JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String subscribed(JsonNode frame, String position) {
        if (frame.has("gap")) {
            return "gap:" + frame.path("gap").path("reason").asText();
        }
        return frame.path("resumed").asBoolean() ? "resumed:" + position : "subscribed";
    }

    /** Its number, which is its position, too, in these tests; or its type when it has none. */
    private static String event(JsonNode frame, String position) {
        JsonNode event = frame.path("event");
        String number =
                event.path("payload").path("n").asText(event.path("event").asText());
        if (position.isEmpty()) {
            return "~" + number;
        }
        return position.equals(number) ? number : number + "@" + position;
    }

    private static String late(JsonNode frame) {
        return frame.path("late").asBoolean() ? "!" : "";
    }

    private static String number(String position) {
        return position.endsWith("-0") ? position.substring(0, position.length() - 2) : position;
    }
}
