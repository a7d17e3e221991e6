package dev.parley.audit;

import dev.parley.postgres.Postgres;
import io.r2dbc.spi.Readable;
import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The trails in PostgreSQL. Cold; fails as {@link Postgres} does. */
final class ArchivedTrails {

    private static final String COLUMNS =
            "seq, conversation_id, tenant_id, agent, action, details::text, at, entry_id, prev, mac";

    /** Inserts entries and heads. A head that another archiver has moved further stays. */
    private static final String INSERT = """
            WITH heads AS (
              INSERT INTO audit_heads AS old (trail, seq, mac, seal)
              SELECT * FROM unnest($12::text[], $13::bigint[], $14::text[], $15::text[])
              ON CONFLICT (trail) DO UPDATE SET seq = excluded.seq, mac = excluded.mac, seal = excluded.seal
              WHERE old.seq <= excluded.seq)
            INSERT INTO audit_entries
              (trail, seq, conversation_id, tenant_id, agent, action, details, at, entry_id, prev, mac)
            SELECT trail, seq, conversation_id, tenant_id, agent, action, details::json, at, entry_id, prev, mac
            FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::timestamptz[], $9::text[], $10::text[], $11::text[])
              AS new (trail, seq, conversation_id, tenant_id, agent, action, details, at, entry_id, prev, mac)
            ON CONFLICT DO NOTHING
            """;

    private static final String OLDEST_FIRST =
            "SELECT " + COLUMNS + " FROM audit_entries WHERE trail = $1 AND seq > $2 AND seq < $3"
                    + " ORDER BY seq FETCH FIRST $4 ROWS WITH TIES";

    private static final String NEWEST_FIRST =
            "SELECT " + COLUMNS + " FROM audit_entries WHERE trail = $1 AND seq > $2 AND seq < $3"
                    + " ORDER BY seq DESC FETCH FIRST $4 ROWS WITH TIES";

    private static final String LAST = """
            SELECT coalesce(last.seq, 0), coalesce(last.mac, ''), coalesce(
              (SELECT tenant_id FROM conversations WHERE conversation_id = $2 ORDER BY generation DESC LIMIT 1),
              (SELECT tenant_id FROM audit_entries WHERE trail = $1 ORDER BY seq LIMIT 1),
              '')
            FROM (SELECT 1) AS always
            LEFT JOIN (SELECT seq, mac FROM audit_entries WHERE trail = $1 ORDER BY seq DESC LIMIT 1) AS last ON true
            """;

    private static final String HEAD = "SELECT seq, mac, seal FROM audit_heads WHERE trail = $1";

    private final Postgres postgres;
    private final Chain chain;

    ArchivedTrails(Postgres postgres, Chain chain) {
        this.postgres = postgres;
        this.chain = chain;
    }

    /** The end of a trail at its last archiving, as recorded then. */
    record SealedHead(TrailHead head, String seal) {}

    /** @param owner of the conversation according to the record, or else the author of the trail's first entry; empty for none */
    record Last(TrailHead head, String owner) {

        boolean isOfAnother(String tenant) {
            return !owner.isEmpty() && !owner.equals(tenant);
        }
    }

    /**
     * Inserts entries. Existing ones stay as they are. An entry with an existing number but another time is kept in addition.
     *
     * @param trails sorted by name, so that concurrent archivers do not deadlock
     */
    Mono<Long> insert(List<UnarchivedEntries> trails) {
        List<UnarchivedEntries> some =
                trails.stream().filter(one -> !one.entries().isEmpty()).toList();
        if (some.isEmpty()) {
            return Mono.just(0L);
        }
        List<SealedHead> heads = some.stream().map(this::head).toList();
        List<AuditEntry> entries =
                some.stream().flatMap(one -> one.entries().stream()).toList();
        String[] names = some.stream()
                .flatMap(one ->
                        Collections.nCopies(one.entries().size(), one.trail().name()).stream())
                .toArray(String[]::new);
        return postgres.update(
                INSERT,
                values -> values.bind("$1", names)
                        .bind("$2", entries.stream().map(AuditEntry::seq).toArray(Long[]::new))
                        .bind("$3", texts(entries, AuditEntry::conversation))
                        .bind("$4", texts(entries, AuditEntry::tenant))
                        .bind("$5", texts(entries, AuditEntry::agent))
                        .bind("$6", texts(entries, AuditEntry::action))
                        .bind("$7", texts(entries, entry -> StorableText.details(entry.details())))
                        .bind(
                                "$8",
                                entries.stream()
                                        .map(entry -> StorableText.at(entry.timestamp()))
                                        .toArray(OffsetDateTime[]::new))
                        .bind("$9", texts(entries, AuditEntry::id))
                        .bind("$10", texts(entries, AuditEntry::prev))
                        .bind("$11", texts(entries, AuditEntry::mac))
                        .bind(
                                "$12",
                                some.stream().map(one -> one.trail().name()).toArray(String[]::new))
                        .bind("$13", heads.stream().map(one -> one.head().seq()).toArray(Long[]::new))
                        .bind("$14", heads.stream().map(one -> one.head().mac()).toArray(String[]::new))
                        .bind("$15", heads.stream().map(SealedHead::seal).toArray(String[]::new)));
    }

    private SealedHead head(UnarchivedEntries one) {
        AuditEntry last = one.entries().get(one.entries().size() - 1);
        TrailHead head = new TrailHead(last.seq(), StorableText.text(last.mac()));
        return new SealedHead(head, chain.seal(one.trail(), head));
    }

    /** Empty if nothing of a trail was archived, or if it was removed. */
    Mono<SealedHead> head(Trail trail) {
        return postgres.query(
                        HEAD,
                        values -> values.bind("$1", trail.name()),
                        row -> new SealedHead(new TrailHead(number(row, 0), text(row, 1)), text(row, 2)))
                .next();
    }

    private static String[] texts(List<AuditEntry> entries, Function<AuditEntry, String> field) {
        return entries.stream().map(field).map(StorableText::text).toArray(String[]::new);
    }

    /** The archived end of a trail. */
    Mono<Last> last(Trail trail) {
        return postgres.query(
                        LAST,
                        values -> values.bind("$1", trail.name()).bind("$2", trail.ofConversation() ? trail.of() : ""),
                        row -> new Last(new TrailHead(number(row, 0), text(row, 1)), text(row, 2)))
                .single();
    }

    /**
     * A page. Entries of one number are never separated, so it may be slightly longer.
     *
     * @param after exclusive
     * @param before exclusive
     */
    Flux<AuditEntry> page(Trail trail, long after, @Nullable Long before, long limit, boolean newestFirst) {
        return postgres.query(
                newestFirst ? NEWEST_FIRST : OLDEST_FIRST,
                values -> values.bind("$1", trail.name())
                        .bind("$2", after)
                        .bind("$3", before == null ? Long.MAX_VALUE : before)
                        .bind("$4", limit),
                ArchivedTrails::entry);
    }

    private static AuditEntry entry(Readable row) {
        return new AuditEntry(
                number(row, 0),
                text(row, 1),
                text(row, 2),
                text(row, 3),
                text(row, 4),
                text(row, 5),
                Objects.requireNonNull(row.get(6, OffsetDateTime.class))
                        .toInstant()
                        .toString(),
                text(row, 7),
                text(row, 8),
                text(row, 9));
    }

    private static long number(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, Long.class));
    }

    private static String text(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, String.class));
    }
}
