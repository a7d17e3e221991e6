package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of a request.
 *
 * @param house the operator's text: system and developer messages, joined
 * @param said all other texts, in order
 * @param turns number of user messages; an embedding's input counts as one
 * @param answered whether an assistant or a tool has spoken already
 */
record Prompt(String house, List<String> said, int turns, boolean answered) {

    static Prompt of(ObjectNode request) {
        StringBuilder house = new StringBuilder(text(request.path("system")));
        house.append(text(request.path("instructions")));
        List<String> said = new ArrayList<>();
        int turns = 0;
        boolean answered = false;
        for (JsonNode message : request.path("messages")) {
            String role = message.path("role").asText();
            String text = text(message.path("content"));
            if (role.equals("system") || role.equals("developer")) {
                house.append('\n').append(text);
            } else {
                said.add(text);
                turns += role.equals("user") ? 1 : 0;
                answered |= !role.equals("user");
            }
        }
        if (request.has("input") || request.has("prompt")) {
            said.add(text(request.path("input")) + text(request.path("prompt")));
            turns++;
        }
        return new Prompt(house.toString(), said, turns, answered);
    }

    String last() {
        return said.isEmpty() ? "" : said.get(said.size() - 1);
    }

    /** All strings that are text: a string itself, those of an array, {@code text} or {@code content} of an object. */
    static String text(JsonNode content) {
        if (content.isTextual()) {
            return content.textValue();
        }
        StringBuilder all = new StringBuilder();
        if (content.isArray()) {
            content.forEach(part -> all.append(text(part)).append('\n'));
        } else if (content.isObject()) {
            all.append(text(content.path("text"))).append(text(content.path("content")));
        }
        return all.toString();
    }
}
