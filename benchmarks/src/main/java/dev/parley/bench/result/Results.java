package dev.parley.bench.result;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A file of results: everything that one command measured.
 *
 * @param at when, RFC 3339 in UTC
 * @param command what was asked for, without passwords
 */
public record Results(String at, String command, Machine machine, List<Result> results) {

    /** What is missing is an error: another kind of JSON does not become a file without results. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Who comes to a Redis, and by which password, is nobody's business who reads results. */
    private static final Pattern PASSWORD = Pattern.compile("://[^/@\\s]*@");

    public static Results of(List<String> command, Machine machine, List<Result> results) {
        String asked = PASSWORD.matcher(String.join(" ", command)).replaceAll("://***@");
        return new Results(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), asked, machine, results);
    }

    /** Puts it where an older file may be, which is there until this one is whole. */
    public void write(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.writeString(part, JSON.writeValueAsString(this) + "\n");
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Reads such a file.
     *
     * @throws IOException with a message for people, when it cannot be read or is something else
     */
    public static Results read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException("there is no file " + file);
        }
        try {
            return JSON.readValue(file.toFile(), Results.class);
        } catch (JacksonException e) {
            // What Jackson says after the semicolon is about its own settings.
            throw new IOException(
                    file + " is no file of results: " + e.getOriginalMessage().split(";", 2)[0], e);
        }
    }
}
