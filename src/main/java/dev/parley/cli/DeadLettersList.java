package dev.parley.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.DeadLetter;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "list", description = "Lists dead letters, oldest first.")
final class DeadLettersList implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WIDEST_ENTRY = 120;

    private final Map<String, String> environment;

    @Mixin
    private DeadLettersSource source;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--limit",
            defaultValue = "50",
            description = "At most that many of each stream; ${DEFAULT-VALUE} unless given.")
    private long limit;

    @Option(names = "--json", description = "A JSON object a line, with all fields of the entry.")
    private boolean json;

    DeadLettersList(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        if (limit < 1) {
            throw new ParameterException(spec.commandLine(), "--limit is " + limit + ": expected 1 or more");
        }
        List<String> lines = source.each(environment, (stream, letters) -> {
            var listed = letters.list(limit).map(letter -> json ? json(stream, letter) : row(stream, letter));
            return json
                    ? listed
                    : listed.concatWith(letters.size()
                            .filter(size -> size > limit)
                            .map(size -> stream + " has " + (size - limit) + " more (--limit)"));
        });
        if (!json && lines.isEmpty()) {
            lines = List.of("There are no dead letters.");
        } else if (!json) {
            spec.commandLine().getOut().println(columns("STREAM", "ID", "AT", "REASON", "ENTRY"));
        }
        lines.forEach(spec.commandLine().getOut()::println);
        return 0;
    }

    private static String json(String stream, DeadLetter letter) {
        ObjectNode node = JSON.createObjectNode();
        node.put("stream", stream)
                .put("id", letter.id())
                .put("source_id", letter.sourceId())
                .put("at", letter.at())
                .put("reason", letter.reason());
        ObjectNode fields = node.putObject("fields");
        letter.fields().forEach((name, value) -> fields.put(name, new String(value, UTF_8)));
        return node.toString();
    }

    private static String row(String stream, DeadLetter letter) {
        String entry = letter.fields().entrySet().stream()
                .map(field -> field.getKey() + "=" + new String(field.getValue(), UTF_8))
                .collect(Collectors.joining(" "));
        return columns(
                stream,
                letter.id(),
                letter.at(),
                letter.reason(),
                entry.length() > WIDEST_ENTRY ? entry.substring(0, WIDEST_ENTRY) + "…" : entry);
    }

    /** What agents wrote must not move a terminal's cursor. */
    private static String columns(String stream, String id, String at, String reason, String entry) {
        return "%-22s %-20s %-28s %s | %s"
                .formatted(stream, id, at, reason, entry)
                .replaceAll("\\p{Cntrl}", "?");
    }
}
