package dev.parley.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/**
 * An entry's fields as PostgreSQL can take them. The gateway's own always are; somebody else's hand in Redis must not stop the archiver,
 * and that the entry was changed shows all the same.
 */
final class Storable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private Storable() {}

    static String text(String text) {
        return text.replace('\0', '\uFFFD');
    }

    static OffsetDateTime at(AuditEntry entry) {
        try {
            return Instant.parse(entry.timestamp()).atOffset(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return Instant.EPOCH.atOffset(ZoneOffset.UTC);
        }
    }

    static String details(AuditEntry entry) {
        try {
            if (!JSON.readTree(entry.details()).isMissingNode()) {
                return entry.details();
            }
        } catch (JsonProcessingException e) {
            // It becomes a string below.
        }
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(entry.details())) + '"';
    }
}
