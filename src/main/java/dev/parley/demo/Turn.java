package dev.parley.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One agent's part of an answer. A hand-off follows each turn except the last. */
record Turn(String agent, List<Step> steps) {

    private static final Pattern BEFORE_A_WORD = Pattern.compile("(?<=\\s)(?=\\S)");
    private static final int[] WORDS_AT_ONCE = {2, 4, 3, 2, 3};
    private static final int TOOL_BEATS = 12;

    Turn {
        steps = List.copyOf(steps);
    }

    sealed interface Step permits Say, Use {}

    /** Text, streamed a few words at a time. */
    record Say(String text) implements Step {

        /** The text in pieces; together they are the text. */
        List<String> chunks() {
            String[] words = BEFORE_A_WORD.split(text);
            List<String> chunks = new ArrayList<>();
            for (int from = 0; from < words.length; ) {
                int to = Math.min(words.length, from + WORDS_AT_ONCE[chunks.size() % WORDS_AT_ONCE.length]);
                chunks.add(String.join("", List.of(words).subList(from, to)));
                from = to;
            }
            return chunks;
        }
    }

    /** A tool that the agent pretends to use. */
    record Use(String tool, Map<String, String> input, Map<String, String> output) implements Step {}

    /**
     * An event to be published.
     *
     * @param beats how many pauses to wait before it
     */
    record Line(String event, Map<String, ?> fields, int beats) {}

    /** @param next the agent that goes on after this turn; null when it is the last one */
    List<Line> lines(@Nullable String next) {
        List<Line> lines = new ArrayList<>();
        lines.add(new Line("agent.run.started", Map.of(), 1));
        for (Step step : steps) {
            if (step instanceof Say say) {
                say.chunks().forEach(chunk -> lines.add(streaming(chunk)));
            } else if (step instanceof Use use) {
                String call = "call-" + lines.size();
                lines.add(new Line(
                        "agent.tool.started",
                        Map.of("tool", use.tool(), "tool_call_id", call, "input", use.input()),
                        1));
                lines.add(new Line(
                        "agent.tool.completed",
                        Map.of("tool", use.tool(), "tool_call_id", call, "output", use.output()),
                        TOOL_BEATS));
            }
        }
        if (next != null) {
            lines.add(new Line("agent.handoff.completed", Map.of("from", agent, "to", next), 1));
        }
        return lines;
    }

    private static Line streaming(String chunk) {
        return new Line("agent.response.streaming", Map.of("chunk", chunk), 1);
    }
}
