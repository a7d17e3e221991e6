package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.erdtman.jcs.NumberToJSON;

/** A canonical form of JSON: equal values are written the same. Names are sorted; a dialect decides the rest. */
abstract class JsonForm {

    private final String comma;
    private final String colon;
    private final Comparator<String> order;

    JsonForm(String comma, String colon, Comparator<String> order) {
        this.comma = comma;
        this.colon = colon;
        this.order = order;
    }

    final String write(JsonNode node) {
        StringBuilder out = new StringBuilder(1024);
        write(node, out);
        return out.toString();
    }

    private void write(JsonNode node, StringBuilder out) {
        if (node.isObject()) {
            object(node, out);
        } else if (node.isArray()) {
            array(node, out);
        } else if (node.isTextual()) {
            text(node.textValue(), out);
        } else if (node.isNumber()) {
            out.append(number(node));
        } else {
            out.append(node.isBoolean() ? node.toString() : "null");
        }
    }

    private void object(JsonNode node, StringBuilder out) {
        List<Map.Entry<String, JsonNode>> members = new ArrayList<>(node.properties());
        members.sort(Map.Entry.comparingByKey(order));
        String before = "{";
        for (Map.Entry<String, JsonNode> member : members) {
            out.append(before);
            text(member.getKey(), out);
            out.append(colon);
            write(member.getValue(), out);
            before = comma;
        }
        out.append(members.isEmpty() ? "{}" : "}");
    }

    private void array(JsonNode node, StringBuilder out) {
        out.append('[');
        for (Iterator<JsonNode> elements = node.elements(); elements.hasNext(); ) {
            write(elements.next(), out);
            out.append(elements.hasNext() ? comma : "");
        }
        out.append(']');
    }

    private void text(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            character(text.charAt(i), out);
        }
        out.append('"');
    }

    private void character(char c, StringBuilder out) {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '\f' -> out.append("\\f");
            case '\b' -> out.append("\\b");
            default -> {
                if (escaped(c)) {
                    out.append("\\u")
                            .append(hex(c >> 12))
                            .append(hex(c >> 8))
                            .append(hex(c >> 4))
                            .append(hex(c));
                } else {
                    out.append(c);
                }
            }
        }
    }

    private static char hex(int digit) {
        return Character.forDigit(digit & 15, 16);
    }

    /** Whether a character without a short escape is written by its number. */
    abstract boolean escaped(char c);

    abstract String number(JsonNode number);

    /** A finite number as ECMAScript writes it: the fewest digits that identify it. */
    static String shortest(double value) {
        try {
            return NumberToJSON.serializeNumber(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
