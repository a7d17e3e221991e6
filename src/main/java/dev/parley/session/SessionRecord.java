package dev.parley.session;

import dev.parley.auth.Access;
import dev.parley.log.SessionMessage;
import dev.parley.log.SessionState;
import dev.parley.postgres.Postgres;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The record of sessions in PostgreSQL: a row for each generation of a conversation, a row for each message. Cold. */
final class SessionRecord {

    private static final String MESSAGES =
            "SELECT seq, role, content::text AS content, tokens, agent, message_id, extra::text AS extra, at FROM messages"
                    + " WHERE conversation_id = $1 AND generation = $2 ";

    private static final String SESSION =
            "SELECT *, context::text AS context_text, extra::text AS extra_text FROM conversations WHERE conversation_id = $1"
                    + " ORDER BY generation DESC LIMIT 1";

    /**
     * A slower archiver must not write over what a faster one has written. A later activity of a lower version is of a Redis that has lost
     * its latest changes and goes on from there.
     */
    private static final String PUT_SESSION =
            "INSERT INTO conversations (conversation_id, generation, tenant_id, current_agent, status,"
                    + " turn_count, message_count, token_count, archived_seq, version, context, extra, started_at, last_activity)"
                    + " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json, $12::json, $13, $14)"
                    + " ON CONFLICT (conversation_id, generation) DO UPDATE SET current_agent = excluded.current_agent,"
                    + " status = excluded.status, turn_count = excluded.turn_count, message_count = excluded.message_count,"
                    + " token_count = excluded.token_count, archived_seq = greatest(conversations.archived_seq, excluded.archived_seq),"
                    + " version = excluded.version, context = excluded.context, extra = excluded.extra,"
                    + " last_activity = excluded.last_activity WHERE conversations.version <= excluded.version"
                    + " OR conversations.last_activity < excluded.last_activity";

    /** A slower archiver must not bring back what was deleted either: whoever comes here has the session's row locked. */
    private static final String NOT_DELETED =
            " NOT EXISTS (SELECT 1 FROM conversations c WHERE c.conversation_id = $1 AND c.generation = $2 AND c.status = 'deleted')";

    /** The same number again is the same message, or a later one of a Redis that has lost the first. */
    private static final String ONCE =
            " ON CONFLICT (conversation_id, generation, seq) DO UPDATE SET role = excluded.role, content = excluded.content,"
                    + " tokens = excluded.tokens, agent = excluded.agent, message_id = excluded.message_id,"
                    + " extra = excluded.extra, at = excluded.at WHERE messages.at < excluded.at";

    private static final String PUT_MESSAGES =
            "INSERT INTO messages (conversation_id, generation, seq, role, content, tokens, agent, message_id, extra, at)"
                    + " SELECT $1, $2, m.seq, m.role, m.content::json, m.tokens, nullif(m.agent, ''),"
                    + " nullif(m.message_id, ''), m.extra::json, m.at"
                    + " FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[],"
                    + " $10::timestamptz[]) AS m(seq, role, content, tokens, agent, message_id, extra, at)"
                    + " WHERE" + NOT_DELETED + ONCE;

    private static final String COPY_FORKED =
            "INSERT INTO messages (conversation_id, generation, seq, role, content, tokens, agent, message_id, extra, at)"
                    + " SELECT $1, $2, seq, role, content, tokens, agent, message_id, extra, at FROM messages"
                    + " WHERE conversation_id = $3 AND generation = $4 AND seq <= $5 AND" + NOT_DELETED
                    + " ON CONFLICT (conversation_id, generation, seq) DO NOTHING";

    private static final String DELETE = "DELETE FROM messages WHERE conversation_id = $1 AND generation = $2";

    private static final Set<String> OWN_COLUMNS = Set.of("role", "content", "tokens", "agent", "message_id", "at");
    private static final List<String> KEPT = List.of("pinned", "forked_from", "forked_generation", "forked_seq");

    private final Postgres postgres;

    SessionRecord(Postgres postgres) {
        this.postgres = postgres;
    }

    Mono<Void> reached() {
        return postgres.reached();
    }

    /** The latest generation; empty when there is none, {@code not_found} when it is another tenant's. */
    Mono<SessionState> session(String conversation, Access access) {
        return postgres.query(SESSION, statement -> statement.bind("$1", conversation), SessionRecord::state)
                .next()
                .doOnNext(state -> {
                    if (access.checked() && !access.tenant().equals(state.text("tenant_id"))) {
                        throw HotSessions.notFound();
                    }
                });
    }

    /** Messages behind a number, the oldest first. */
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

    /** Writes a session and messages of it, all or nothing. The session first: its row is the lock of those who archive it. */
    Mono<Void> put(String conversation, SessionState session, List<SessionMessage> messages, long archivedSeq) {
        long generation = session.number("generation");
        return postgres.inTransaction(connection -> Postgres.rowsUpdated(
                                put(connection.createStatement(PUT_SESSION), conversation, session, archivedSeq))
                        .then(
                                session.status().equals("deleted")
                                        ? delete(connection, conversation, generation)
                                        : forked(connection, conversation, session)
                                                .then(putMessages(connection, conversation, generation, messages))))
                .then();
    }

    /** A fork begins with what the other session has in the record; the newest of that it brings itself. */
    private static Mono<Long> forked(Connection connection, String conversation, SessionState session) {
        String from = session.text("forked_from");
        if (from.isEmpty() || session.number("archived_seq") > 0) {
            return Mono.empty();
        }
        return Postgres.rowsUpdated(connection
                .createStatement(COPY_FORKED)
                .bind("$1", conversation)
                .bind("$2", session.number("generation"))
                .bind("$3", from)
                .bind("$4", session.number("forked_generation"))
                .bind("$5", session.number("forked_seq")));
    }

    private static Mono<Long> delete(Connection connection, String conversation, long generation) {
        return Postgres.rowsUpdated(
                connection.createStatement(DELETE).bind("$1", conversation).bind("$2", generation));
    }

    private static Mono<Long> putMessages(
            Connection connection, String conversation, long generation, List<SessionMessage> messages) {
        if (messages.isEmpty()) {
            return Mono.empty();
        }
        return Postgres.rowsUpdated(connection
                .createStatement(PUT_MESSAGES)
                .bind("$1", conversation)
                .bind("$2", generation)
                .bind("$3", column(messages, SessionMessage::seq, new Long[0]))
                .bind("$4", column(messages, SessionMessage::role, new String[0]))
                .bind("$5", column(messages, one -> text(one, "content", "\"\""), new String[0]))
                .bind("$6", column(messages, SessionMessage::tokens, new Long[0]))
                .bind("$7", column(messages, one -> text(one, "agent", ""), new String[0]))
                .bind("$8", column(messages, one -> text(one, "message_id", ""), new String[0]))
                .bind("$9", column(messages, SessionRecord::extra, new String[0]))
                .bind("$10", column(messages, one -> time(text(one, "at", "0")), new OffsetDateTime[0])));
    }

    private static <T> T[] column(List<SessionMessage> messages, Function<SessionMessage, T> of, T[] type) {
        return messages.stream().map(of).toList().toArray(type);
    }

    private static String text(SessionMessage message, String name, String otherwise) {
        return message.fields().getOrDefault(name, otherwise);
    }

    private static String extra(SessionMessage message) {
        Map<String, String> rest = new LinkedHashMap<>(message.fields());
        rest.keySet().removeAll(OWN_COLUMNS);
        return ExactJson.ofTexts(rest);
    }

    private static Statement put(Statement statement, String conversation, SessionState session, long archivedSeq) {
        boolean deleted = session.status().equals("deleted");
        Map<String, String> extra = new LinkedHashMap<>();
        for (String name : KEPT) {
            if (!session.text(name).isEmpty() && !deleted) {
                extra.put(name, session.text(name));
            }
        }
        return statement
                .bind("$1", conversation)
                .bind("$2", session.number("generation"))
                .bind("$3", session.text("tenant_id"))
                .bind("$4", session.text("current_agent"))
                .bind("$5", session.status())
                .bind("$6", session.number("turn_count"))
                .bind("$7", session.number("message_count"))
                .bind("$8", session.number("token_count"))
                .bind("$9", archivedSeq)
                .bind("$10", session.number("version"))
                .bind("$11", ExactJson.ofMembers(session.context()))
                .bind("$12", ExactJson.ofTexts(extra))
                .bind("$13", time(session.text("started_at")))
                .bind("$14", time(session.text("last_activity")));
    }

    private static OffsetDateTime time(String millis) {
        long at = millis.matches("\\d{1,15}") ? Long.parseLong(millis) : 0;
        return Instant.ofEpochMilli(at).atOffset(ZoneOffset.UTC);
    }

    private static SessionState state(Readable row) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String name : List.of("tenant_id", "current_agent", "status")) {
            fields.put(name, string(row, name));
        }
        for (String name : List.of("generation", "turn_count", "token_count", "version")) {
            fields.put(name, Long.toString(number(row, name)));
        }
        // What was not copied yet when Redis lost it is not there.
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
            throw new IllegalStateException("the record has no " + name);
        }
        return value;
    }
}
