package dev.parley.session;

import dev.parley.postgres.Postgres;
import dev.parley.postgres.Statements;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writes sessions to PostgreSQL, where {@link SessionRecord} reads them. Cold. */
final class SessionWriter {

    /**
     * A slower archiver must not overwrite a faster one's rows. A later activity with a lower version comes from a Redis that has lost its
     * latest changes and continues from there.
     */
    private static final String PUT_SESSIONS =
            "INSERT INTO conversations (conversation_id, generation, tenant_id, current_agent, status,"
                    + " turn_count, message_count, token_count, archived_seq, version, context, extra, started_at, last_activity)"
                    + " SELECT s.conversation_id, s.generation, s.tenant_id, s.current_agent, s.status, s.turn_count,"
                    + " s.message_count, s.token_count, s.archived_seq, s.version, s.context::json, s.extra::json, s.started_at,"
                    + " s.last_activity FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[],"
                    + " $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::timestamptz[],"
                    + " $14::timestamptz[]) AS s(conversation_id, generation, tenant_id, current_agent, status, turn_count,"
                    + " message_count, token_count, archived_seq, version, context, extra, started_at, last_activity)"
                    + " ON CONFLICT (conversation_id, generation) DO UPDATE SET current_agent = excluded.current_agent,"
                    + " status = excluded.status, turn_count = excluded.turn_count, message_count = excluded.message_count,"
                    + " token_count = excluded.token_count, archived_seq = greatest(conversations.archived_seq, excluded.archived_seq),"
                    + " version = excluded.version, context = excluded.context, extra = excluded.extra,"
                    + " last_activity = excluded.last_activity WHERE conversations.version <= excluded.version"
                    + " OR conversations.last_activity < excluded.last_activity";

    /** A slower archiver must not bring back a deleted session either. The sessions' rows are locked at this point. */
    private static final String NOT_DELETED = " NOT EXISTS (SELECT 1 FROM conversations c"
            + " WHERE c.conversation_id = m.conversation_id AND c.generation = m.generation AND c.status = 'deleted')";

    /** The same number is the same message, or a later one of a Redis that has lost the first. */
    private static final String ONCE =
            " ON CONFLICT (conversation_id, generation, seq) DO UPDATE SET role = excluded.role, content = excluded.content,"
                    + " tokens = excluded.tokens, agent = excluded.agent, message_id = excluded.message_id,"
                    + " extra = excluded.extra, at = excluded.at WHERE messages.at < excluded.at";

    private static final String PUT_MESSAGES =
            "INSERT INTO messages (conversation_id, generation, seq, role, content, tokens, agent, message_id, extra, at)"
                    + " SELECT m.conversation_id, m.generation, m.seq, m.role, m.content::json, m.tokens, nullif(m.agent, ''),"
                    + " nullif(m.message_id, ''), m.extra::json, m.at"
                    + " FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[],"
                    + " $8::text[], $9::text[], $10::timestamptz[])"
                    + " AS m(conversation_id, generation, seq, role, content, tokens, agent, message_id, extra, at)"
                    + " WHERE" + NOT_DELETED + ONCE;

    private static final String COPY_FORKED =
            "INSERT INTO messages (conversation_id, generation, seq, role, content, tokens, agent, message_id, extra, at)"
                    + " SELECT m.* FROM (SELECT $1 AS conversation_id, $2::bigint AS generation, seq, role, content, tokens, agent,"
                    + " message_id, extra, at FROM messages WHERE conversation_id = $3 AND generation = $4 AND seq <= $5) AS m"
                    + " WHERE" + NOT_DELETED + " ON CONFLICT (conversation_id, generation, seq) DO NOTHING";

    private static final String DELETE = "DELETE FROM messages m USING unnest($1::text[], $2::bigint[])"
            + " AS d(conversation_id, generation) WHERE m.conversation_id = d.conversation_id AND m.generation = d.generation";

    private static final Set<String> OWN_COLUMNS = Set.of("role", "content", "tokens", "agent", "message_id", "at");
    private static final List<String> KEPT = List.of("pinned", "forked_from", "forked_generation", "forked_seq");

    private final Postgres postgres;

    SessionWriter(Postgres postgres) {
        this.postgres = postgres;
    }

    /**
     * Writes sessions and their messages, all or nothing. Sessions come first: their rows are the locks of concurrent archivers.
     *
     * @param copies each conversation once, sorted by name, so that concurrent archivers do not deadlock
     */
    Mono<Void> put(List<ArchiveBatch> copies) {
        List<ArchiveBatch> kept =
                copies.stream().filter(copy -> !copy.deleted()).toList();
        return postgres.inTransaction(connection -> Statements.rowsUpdated(
                                putSessions(connection.createStatement(PUT_SESSIONS), copies))
                        .then(forked(connection, kept))
                        .then(delete(
                                connection,
                                copies.stream().filter(ArchiveBatch::deleted).toList()))
                        .then(putMessages(connection, kept)))
                .then();
    }

    private static Mono<Long> delete(Connection connection, List<ArchiveBatch> deleted) {
        return deleted.isEmpty()
                ? Mono.empty()
                : Statements.rowsUpdated(connection
                        .createStatement(DELETE)
                        .bind("$1", column(deleted, ArchiveBatch::conversation, new String[0]))
                        .bind("$2", column(deleted, ArchiveBatch::generation, new Long[0])));
    }

    /** Copies a new fork's messages, as {@link #forked}, so that later changes of the other session do not matter. */
    Mono<Void> fork(String conversation, SessionState session) {
        return postgres.update(COPY_FORKED, statement -> bind(statement, conversation, session))
                .then();
    }

    /**
     * Copies the messages that forks begin with from the record; a fork has the newest of them itself. The oldest fork comes first, because
     * others may be forks of it, and forks come before deletions.
     */
    private static Mono<Void> forked(Connection connection, List<ArchiveBatch> copies) {
        return Flux.fromStream(copies.stream()
                        .filter(ArchiveBatch::forked)
                        .sorted(Comparator.comparingLong(ArchiveBatch::generation)))
                .concatMap(fork -> Statements.rowsUpdated(
                        bind(connection.createStatement(COPY_FORKED), fork.conversation(), fork.session())))
                .then();
    }

    private static Statement bind(Statement copyForked, String conversation, SessionState fork) {
        return copyForked
                .bind("$1", conversation)
                .bind("$2", fork.number("generation"))
                .bind("$3", fork.text("forked_from"))
                .bind("$4", fork.number("forked_generation"))
                .bind("$5", fork.number("forked_seq"));
    }

    /** A message and its session. */
    private record Row(ArchiveBatch of, SessionMessage message) {}

    private static Mono<Long> putMessages(Connection connection, List<ArchiveBatch> copies) {
        List<Row> rows = copies.stream()
                .flatMap(copy -> copy.messages().stream().map(message -> new Row(copy, message)))
                .toList();
        if (rows.isEmpty()) {
            return Mono.empty();
        }
        List<SessionMessage> messages = rows.stream().map(Row::message).toList();
        return Statements.rowsUpdated(connection
                .createStatement(PUT_MESSAGES)
                .bind("$1", column(rows, row -> row.of().conversation(), new String[0]))
                .bind("$2", column(rows, row -> row.of().generation(), new Long[0]))
                .bind("$3", column(messages, SessionMessage::seq, new Long[0]))
                .bind("$4", column(messages, SessionMessage::role, new String[0]))
                .bind("$5", column(messages, one -> text(one, "content", "\"\""), new String[0]))
                .bind("$6", column(messages, SessionMessage::tokens, new Long[0]))
                .bind("$7", column(messages, one -> text(one, "agent", ""), new String[0]))
                .bind("$8", column(messages, one -> text(one, "message_id", ""), new String[0]))
                .bind("$9", column(messages, SessionWriter::extra, new String[0]))
                .bind("$10", column(messages, one -> time(text(one, "at", "0")), new OffsetDateTime[0])));
    }

    private static <R, T> T[] column(List<R> rows, Function<R, T> of, T[] type) {
        return rows.stream().map(of).toList().toArray(type);
    }

    private static String text(SessionMessage message, String name, String otherwise) {
        return message.fields().getOrDefault(name, otherwise);
    }

    private static String extra(SessionMessage message) {
        Map<String, String> rest = new LinkedHashMap<>(message.fields());
        rest.keySet().removeAll(OWN_COLUMNS);
        return ExactJson.ofTexts(rest);
    }

    private static Statement putSessions(Statement statement, List<ArchiveBatch> copies) {
        List<SessionState> sessions = copies.stream().map(ArchiveBatch::session).toList();
        return statement
                .bind("$1", column(copies, ArchiveBatch::conversation, new String[0]))
                .bind("$2", column(copies, ArchiveBatch::generation, new Long[0]))
                .bind("$3", column(sessions, its -> its.text("tenant_id"), new String[0]))
                .bind("$4", column(sessions, its -> its.text("current_agent"), new String[0]))
                .bind("$5", column(sessions, SessionState::status, new String[0]))
                .bind("$6", column(sessions, its -> its.number("turn_count"), new Long[0]))
                .bind("$7", column(sessions, its -> its.number("message_count"), new Long[0]))
                .bind("$8", column(sessions, its -> its.number("token_count"), new Long[0]))
                .bind("$9", column(copies, ArchiveBatch::last, new Long[0]))
                .bind("$10", column(sessions, its -> its.number("version"), new Long[0]))
                .bind("$11", column(sessions, its -> ExactJson.ofMembers(its.context()), new String[0]))
                .bind("$12", column(copies, SessionWriter::extra, new String[0]))
                .bind("$13", column(sessions, its -> time(its.text("started_at")), new OffsetDateTime[0]))
                .bind("$14", column(sessions, its -> time(its.text("last_activity")), new OffsetDateTime[0]));
    }

    private static String extra(ArchiveBatch copy) {
        Map<String, String> extra = new LinkedHashMap<>();
        for (String name : KEPT) {
            if (!copy.session().text(name).isEmpty() && !copy.deleted()) {
                extra.put(name, copy.session().text(name));
            }
        }
        return ExactJson.ofTexts(extra);
    }

    private static OffsetDateTime time(String millis) {
        long at = millis.matches("\\d{1,15}") ? Long.parseLong(millis) : 0;
        return Instant.ofEpochMilli(at).atOffset(ZoneOffset.UTC);
    }
}
