package dev.parley.session;

import dev.parley.auth.Access;
import dev.parley.postgres.Postgres;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import io.r2dbc.spi.Readable;
import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Reads sessions from PostgreSQL: one row per generation of a conversation, one row per message. Cold. */
final class SessionRecord {

    private static final String MESSAGES =
            "SELECT seq, role, content::text AS content, tokens, agent, message_id, extra::text AS extra, at FROM messages"
                    + " WHERE conversation_id = $1 AND generation = $2 ";

    private static final String SESSION =
            "SELECT *, context::text AS context_text, extra::text AS extra_text FROM conversations WHERE conversation_id = $1"
                    + " ORDER BY generation DESC LIMIT 1";

    private final Postgres postgres;

    SessionRecord(Postgres postgres) {
        this.postgres = postgres;
    }

    Mono<Void> reached() {
        return postgres.reached();
    }

    /** The latest generation; empty if there is none, {@code not_found} for another tenant's. */
    Mono<SessionState> session(String conversation, Access access) {
        return postgres.query(SESSION, statement -> statement.bind("$1", conversation), SessionRecord::state)
                .next()
                .doOnNext(state -> {
                    if (access.checked() && !access.tenant().equals(state.text("tenant_id"))) {
                        throw RedisSessions.notFound();
                    }
                });
    }

    /** Messages after a number, the oldest first. */
    Mono<List<SessionMessage>> after(String conversation, long generation, long seq, int limit) {
        return messages("AND seq > $3 ORDER BY seq LIMIT $4", conversation, generation, seq, limit);
    }

    /** The newest messages up to a number, the oldest first. */
    Mono<List<SessionMessage>> upTo(String conversation, long generation, long seq, int limit) {
        return messages("AND seq <= $3 ORDER BY seq DESC LIMIT $4", conversation, generation, seq, limit)
                .doOnNext(Collections::reverse);
    }

    private Mono<List<SessionMessage>> messages(
            String rest, String conversation, long generation, long seq, int limit) {
        return postgres.query(
                        MESSAGES + rest,
                        statement -> statement
                                .bind("$1", conversation)
                                .bind("$2", generation)
                                .bind("$3", seq)
                                .bind("$4", limit),
                        SessionRecord::message)
                .collectList();
    }

    private static SessionState state(Readable row) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String name : List.of("tenant_id", "current_agent", "status")) {
            fields.put(name, string(row, name));
        }
        for (String name : List.of("generation", "turn_count", "token_count", "version")) {
            fields.put(name, Long.toString(number(row, name)));
        }
        // Messages that Redis lost before they were copied are absent.
        String count = Long.toString(number(row, "archived_seq"));
        fields.put("message_count", count);
        fields.put("archived_seq", count);
        fields.put("archived", Long.toString(number(row, "version")));
        for (String name : List.of("started_at", "last_activity")) {
            fields.put(name, millis(row, name));
        }
        fields.putAll(ExactJson.texts(string(row, "extra_text")));
        return new SessionState(fields, ExactJson.members(string(row, "context_text")));
    }

    private static SessionMessage message(Readable row) {
        Map<String, String> fields = new LinkedHashMap<>(ExactJson.texts(string(row, "extra")));
        fields.put("role", string(row, "role"));
        fields.put("content", string(row, "content"));
        if (number(row, "tokens") > 0) {
            fields.put("tokens", Long.toString(number(row, "tokens")));
        }
        for (String name : List.of("agent", "message_id")) {
            String value = row.get(name, String.class);
            if (value != null) {
                fields.put(name, value);
            }
        }
        fields.put("at", millis(row, "at"));
        return new SessionMessage(number(row, "seq"), fields);
    }

    private static String string(Readable row, String name) {
        return present(row.get(name, String.class), name);
    }

    private static long number(Readable row, String name) {
        return present(row.get(name, Long.class), name);
    }

    private static String millis(Readable row, String name) {
        return Long.toString(
                present(row.get(name, OffsetDateTime.class), name).toInstant().toEpochMilli());
    }

    private static <T> T present(@Nullable T value, String name) {
        if (value == null) {
            throw new IllegalStateException("the row in PostgreSQL has no " + name);
        }
        return value;
    }
}
