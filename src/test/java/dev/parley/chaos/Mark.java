package dev.parley.chaos;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What an event is known by: who published it, for which conversation, and how many that publisher had published there with it.
 */
record Mark(String publisher, String conversation, int number) {

    /** The publisher's part of an event, and the event's id. */
    static Mark of(JsonNode event) {
        JsonNode payload = event.path("payload");
        return new Mark(
                payload.path("publisher").asText(),
                payload.path("conversation_id").asText(),
                payload.path("number").asInt());
    }

    /** The mark that has this {@link #id}. */
    static Mark ofId(String id) {
        String[] parts = id.split("\\.", -1);
        return new Mark(parts[0], parts[1], Integer.parseInt(parts[2]));
    }

    String id() {
        return publisher + "." + conversation + "." + number;
    }

    String payload() {
        return "{\"conversation_id\":\"" + conversation + "\",\"publisher\":\"" + publisher + "\",\"number\":" + number
                + "}";
    }
}
