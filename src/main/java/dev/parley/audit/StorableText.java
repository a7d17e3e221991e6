package dev.parley.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/**
 * Converts fields of an entry so that PostgreSQL can store them. The gateway's own always can be. Manipulated entries in Redis must not
 * stop the archiver, and their change is noticed nevertheless.
 */
final class StorableText {

    private static final ObjectMapper JSON = new ObjectMapper();

    private StorableText() {}

    static String text(String text) {
        return text.replace('\0', '\uFFFD');
    }

    static OffsetDateTime at(String timestamp) {
        try {
            return Instant.parse(timestamp).atOffset(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return Instant.EPOCH.atOffset(ZoneOffset.UTC);
        }
    }

    static String details(String details) {
        try {
            if (!JSON.readTree(details).isMissingNode()) {
                return details;
            }
        } catch (JsonProcessingException e) {
            // It becomes a string below.
        }
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(details)) + '"';
    }
}
