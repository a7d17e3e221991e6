package dev.parley.bench.report;

import java.util.List;
import java.util.Set;

/** An element of HTML or SVG and what is in it. Texts and attributes are escaped here and nowhere else. */
final class Tag {

    private static final Set<String> WITHOUT_END = Set.of("meta", "wbr");

    private final String name;
    private final StringBuilder attributes = new StringBuilder();
    private final StringBuilder inside = new StringBuilder();

    private Tag(String name) {
        this.name = name;
    }

    static Tag of(String name) {
        return new Tag(name);
    }

    static Tag of(String name, String styleClass) {
        return new Tag(name).with("class", styleClass);
    }

    Tag with(String attribute, String value) {
        attributes.append(' ').append(attribute).append("=\"");
        escape(value, attributes);
        attributes.append('"');
        return this;
    }

    /** A length or a place in a drawing. */
    Tag with(String attribute, double value) {
        return with(attribute, Numbers.coordinate(value));
    }

    Tag text(String text) {
        escape(text, inside);
        return this;
    }

    Tag add(Tag... tags) {
        return add(List.of(tags));
    }

    Tag add(List<Tag> tags) {
        tags.forEach(inside::append);
        return this;
    }

    /** The one way around escaping, for style sheets. */
    Tag style(String css) {
        inside.append(css);
        return this;
    }

    @Override
    public String toString() {
        String start = "<" + name + attributes + ">";
        return WITHOUT_END.contains(name) ? start : start + inside + "</" + name + ">";
    }

    private static void escape(String text, StringBuilder out) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                // XML has no other control characters, and a standalone SVG is XML.
                default -> out.append(c < ' ' && c != '\n' && c != '\t' ? '\uFFFD' : c);
            }
        }
    }
}
