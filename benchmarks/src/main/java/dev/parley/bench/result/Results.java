package dev.parley.bench.result;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * A file of results: everything that one command measured.
 *
 * @param at when, RFC 3339 in UTC
 * @param command what was asked for
 */
public record Results(String at, String command, Machine machine, List<Result> results) {

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    public static Results of(List<String> command, Machine machine, List<Result> results) {
        return new Results(
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), String.join(" ", command), machine, results);
    }

    public void write(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Files.writeString(file, JSON.writeValueAsString(this) + "\n");
    }

    public static Results read(Path file) throws IOException {
        return JSON.readValue(file.toFile(), Results.class);
    }

    public String json() throws IOException {
        return JSON.writeValueAsString(this);
    }
}
