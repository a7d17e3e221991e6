package dev.parley.audit;

import static dev.parley.audit.AuditContract.ACME;
import static dev.parley.audit.AuditContract.assertRefused;
import static dev.parley.audit.AuditContract.assertWhole;
import static dev.parley.audit.AuditContract.fill;
import static dev.parley.audit.AuditContract.get;
import static dev.parley.audit.AuditContract.numbers;
import static dev.parley.audit.AuditContract.page;
import static dev.parley.audit.AuditContract.settings;
import static dev.parley.audit.AuditContract.someone;
import static dev.parley.audit.AuditContract.stream;
import static dev.parley.audit.AuditContract.verdict;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.archive.Archiver;
import dev.parley.archive.DirtySet;
import dev.parley.audit.ChainVerification.Broken;
import dev.parley.audit.ChainVerification.Reason;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.error.ErrorCode;
import dev.parley.event.Ids;
import dev.parley.postgres.Postgres;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.Consumer;
import io.lettuce.core.Range;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Trails that outlive Redis. */
class ArchivedTrailsIT {

    private final Redis redis = TestRedis.connect();
    private final Postgres postgres = TestPostgres.of(TestPostgres.newDatabase());
    // Each test has marks of its own.
    private final Keys keys = new Keys("archive-" + Ids.random() + ":");
    private final ArchivedTrails archive = new ArchivedTrails(postgres, new Chain(AuditContract.KEY));
    private final String conversation = "audit-" + Ids.random();
    private final Trail trail = Trail.ofConversation(conversation);

    @AfterEach
    void close() {
        redis.close().block(Patience.ofSeconds(10));
        postgres.close().block(Patience.ofSeconds(10));
    }

    private void reachPostgres() {
        postgres.open();
        postgres.reached().block(Patience.ofSeconds(30));
    }

    private Audit audit(int maxEntries) {
        return new Audit(redis, keys, settings(maxEntries), postgres);
    }

    private TrailArchive trails() {
        return new TrailArchive(redis, keys, settings(5), archive, new Partitions(postgres, null));
    }

    private Archiver archiver(String node, Duration claimAfter) {
        return new Archiver(
                redis, postgres, new DirtySet(redis, keys.auditDirty()), keys.auditScan(), trails(), node, claimAfter);
    }

    private void copied() {
        assertThat(get(trails().archive(List.of(trail.name())))).isEmpty();
    }

    private List<AuditEntry> inPostgres() {
        return get(archive.page(trail, 0, null, 10_000, false).collectList());
    }

    private List<AuditEntry> inRedis() {
        return TestRedis.commands().xrange(trail.stream(keys), Range.unbounded()).stream()
                .map(message -> new AuditEntry(
                        Long.parseLong(message.getId().split("-")[0]),
                        field(message.getBody().get("conversation_id")),
                        field(message.getBody().get("tenant_id")),
                        field(message.getBody().get("agent")),
                        field(message.getBody().get("action")),
                        field(message.getBody().get("details")),
                        field(message.getBody().get("timestamp")),
                        field(message.getBody().get("id")),
                        field(message.getBody().get("prev")),
                        field(message.getBody().get("mac"))))
                .toList();
    }

    private static String field(@Nullable String value) {
        return Objects.requireNonNull(value);
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    private void execute(String sql) {
        assertThat(get(postgres.update(sql, UnaryOperator.identity()))).isPositive();
    }

    @Test
    @SuppressWarnings("unchecked") // Lettuce's generic varargs
    void anArchiverThatDiesBetweenCopyAndAcknowledgementLosesAndRepeatsNothing() {
        reachPostgres();
        Audit audit = audit(10_000);
        fill(audit, conversation, 500);
        List<AuditEntry> ledger = inRedis();
        assertThat(ledger).hasSize(500);

        // One takes the mark, copies some, and dies; another copies all, notes it, and dies before it acknowledges.
        TestRedis.commands().xgroupCreate(StreamOffset.from(keys.auditDirty(), "0"), "archiver");
        assertThat(TestRedis.commands()
                        .xreadgroup(Consumer.from("archiver", "dead"), StreamOffset.lastConsumed(keys.auditDirty())))
                .hasSize(1);
        assertThat(get(archive.insert(List.of(new UnarchivedEntries(trail, ledger.subList(0, 123))))))
                .isEqualTo(123);
        copied();
        assertThat(TestRedis.commands().xlen(keys.auditDirty())).isEqualTo(1);
        assertThat(get(archiver("early", Duration.ofMinutes(1)).round())).isFalse();
        assertThat(TestRedis.commands().xlen(keys.auditDirty()))
                .as("not taken from one that may live")
                .isEqualTo(1);

        assertThat(get(archiver("alive", Duration.ZERO).round())).isFalse();

        assertThat(inPostgres()).isEqualTo(ledger);
        assertThat(TestRedis.commands().xlen(keys.auditDirty())).isZero();
        assertWhole(audit, conversation, 500);
    }

    @Test
    void theTrailsOfARoundAreOneStatement() {
        reachPostgres();
        Audit audit = audit(10_000);
        String longer = "audit-" + Ids.random();
        String third = "audit-" + Ids.random();
        fill(audit, conversation, 20);
        fill(audit, longer, 250);
        fill(audit, third, 30);

        assertThat(get(archiver("one", Duration.ZERO).round())).isFalse();

        assertThat(TestRedis.commands().xlen(keys.auditDirty())).isZero();
        assertThat(get(postgres.query(
                                "SELECT trail, count(*) || ' ' || count(DISTINCT xmin::text) FROM audit_entries GROUP BY trail",
                                UnaryOperator.identity(),
                                row -> row.get(0, String.class) + " " + row.get(1, String.class))
                        .collectList()))
                .as("entries, and statements that they came by: one for all, and one for the rest of the longer one")
                .containsExactlyInAnyOrder(
                        trail.name() + " 20 1", "conv:" + longer + " 250 2", "conv:" + third + " 30 1");
        assertThat(get(postgres.query(
                                "SELECT count(DISTINCT xmin::text) FROM audit_entries",
                                UnaryOperator.identity(),
                                row -> Objects.requireNonNull(row.get(0, Long.class)))
                        .next()))
                .isEqualTo(2);
        assertWhole(audit, longer, 250);
    }

    @Test
    void nothingIsTrimmedBeforeItIsArchivedAndPagesJoinBoth() {
        Audit audit = audit(100);
        reachPostgres();
        fill(audit, conversation, 300);
        assertThat(inRedis()).hasSize(300);
        assertThat(TestRedis.commands().pttl(trail.stream(keys)))
                .as("no expiry before it is archived")
                .isEqualTo(-1);

        audit.open();
        Await.until("all is archived", () -> inPostgres().size() == 300);
        Await.until("Redis keeps the newest", () -> inRedis().size() == 100);
        assertThat(TestRedis.commands().pttl(trail.stream(keys))).isPositive();

        assertThat(Objects.requireNonNull(audit.export(ACME, conversation)
                        .map(AuditEntry::seq)
                        .collectList()
                        .block()))
                .isEqualTo(upTo(300));
        assertThat(numbers(page(audit, conversation, 0, 203L, true))).containsExactly(202L, 201L, 200L, 199L);
        assertThat(numbers(page(audit, conversation, 0, 201L, true))).containsExactly(200L, 199L, 198L, 197L);
        assertThat(numbers(page(audit, conversation, 0, 3L, true))).containsExactly(2L, 1L);
        assertThat(numbers(page(audit, conversation, 198, null, false))).containsExactly(199L, 200L, 201L, 202L);
        assertThat(numbers(page(audit, conversation, 10, 13L, false))).containsExactly(11L, 12L);
        assertThat(page(audit, conversation, 0, null, true).archived()).isFalse();
        assertWhole(audit, conversation, 300);
        audit.dispose();
    }

    @Test
    void aTrailThatRedisHasLetGoGoesOnFromWhereItIsArchived() {
        reachPostgres();
        Audit audit = audit(100);
        fill(audit, conversation, 20);
        copied();
        assertThat(TestRedis.commands().del(trail.head(keys), trail.stream(keys), trail.seen(keys)))
                .isEqualTo(3);

        assertThat(numbers(page(audit, conversation, 0, null, true))).containsExactly(20L, 19L, 18L, 17L);
        assertRefused(
                audit.read(someone("other"), conversation, new AuditQuery(0, null, 4, true)), ErrorCode.NOT_FOUND);
        assertRefused(audit.append(someone("other"), conversation, "a", "did", "{}", null), ErrorCode.NOT_FOUND);
        // A node that knows nothing, and one that knew the end before it went.
        assertThat(AuditContract.append(audit(100), conversation, 21).seq()).isEqualTo(21);
        assertThat(AuditContract.append(audit, conversation, 22).seq()).isEqualTo(22);
        assertWhole(audit, conversation, 22);

        copied();
        assertThat(inPostgres()).extracting(AuditEntry::seq).isEqualTo(upTo(22));
    }

    private void recorded(String tenant) {
        execute("INSERT INTO conversations (conversation_id, generation, tenant_id, current_agent, status, started_at,"
                + " last_activity) VALUES ('" + conversation + "', 1, '" + tenant
                + "', 'triage', 'active', now(), now())");
    }

    @Test
    void aConversationThatOnlyTheRecordHasIsItsOwnersBeforeItsFirstEntry() {
        reachPostgres();
        recorded("acme");
        Audit audit = audit(100);
        Principal other = someone("other");

        assertRefused(audit.append(other, conversation, "a", "did", "{}", null), ErrorCode.NOT_FOUND);
        assertRefused(audit.read(other, conversation, new AuditQuery(0, null, 4, true)), ErrorCode.NOT_FOUND);
        // Whoever may use it whatever tenant they are of does not make it theirs.
        Principal granted = new Principal("bob", "other", Set.of(Role.AGENT), Set.of(conversation), null, false);
        assertThat(get(audit.append(granted, conversation, "a", "did", "{}", null))
                        .seq())
                .isEqualTo(1);
        assertRefused(audit.append(other, conversation, "a", "did", "{}", null), ErrorCode.NOT_FOUND);
        assertThat(AuditContract.append(audit, conversation, 2).seq()).isEqualTo(2);
        copied();
        assertThat(TestRedis.commands().del(trail.head(keys), trail.stream(keys), trail.seen(keys)))
                .isEqualTo(3);

        assertRefused(audit.read(other, conversation, new AuditQuery(0, null, 4, true)), ErrorCode.NOT_FOUND);
        assertThat(numbers(page(audit, conversation, 0, null, true))).containsExactly(2L, 1L);
    }

    @Test
    void whoMayMakeNoConversationMayAppendToTheirOwnThatOnlyTheRecordHas() {
        reachPostgres();
        Principal own = new Principal("bob", "acme", Set.of(Role.AGENT), Set.of(), null, false);
        Audit audit = audit(100);
        assertRefused(audit.append(own, conversation, "a", "did", "{}", null), ErrorCode.NOT_FOUND);

        recorded("acme");

        assertThat(get(audit.append(own, conversation, "a", "did", "{}", null)).seq())
                .isEqualTo(1);
    }

    @Test
    void whatIsRefusedOfAConversationThatOnlyTheRecordHasIsNoted() {
        reachPostgres();
        recorded("acme");
        Audit audit = audit(100);
        Principal intruder = someone("t-" + Ids.random());

        audit.refused(intruder, "audit-" + Ids.random(), "session.get");
        audit.refused(ACME, conversation, "session.get");
        audit.refused(intruder, conversation, "session.get");
        audit.idle().block(Patience.ofSeconds(10));

        assertThat(get(audit.read(intruder, null, new AuditQuery(0, null, 10, true)))
                        .entries())
                .extracting(AuditEntry::conversation)
                .containsExactly(conversation);
        assertThat(get(audit.read(ACME, null, new AuditQuery(0, null, 10, true)))
                        .entries())
                .isEmpty();
    }

    @Test
    void whatIsNotedInANewTrailWaitsForPostgresAndHoldsUpNobodyElse() {
        reachPostgres();
        fill(audit(100), conversation, 3);
        Postgres never = TestPostgres.of("postgresql://127.0.0.1:1/nowhere");
        Audit audit = new Audit(redis, keys, settings(100), never);
        for (int n = 0; n < 300; n++) {
            audit.acted(ACME, "audit-" + Ids.random(), "message.sent", Map.of("message_id", "m"), "m");
        }
        audit.acted(ACME, conversation, "message.sent", Map.of("message_id", "m"), "m");

        Await.until("the one that can be written is", () -> inRedis().size() == 4);
        Await.until("the others wait", () -> audit.waiting() == 300);
        assertThat(audit.dropped()).isZero();
        audit.dispose();
        never.close().block(Patience.ofSeconds(10));
    }

    @Test
    void whatWaitsForPostgresIsBounded() {
        reachPostgres();
        Audit audit = audit(5);
        fill(audit, conversation, 50);
        assertRefused(audit.append(ACME, conversation, "a", "did", "{}", null), ErrorCode.OVERLOADED);

        copied();
        assertThat(AuditContract.append(audit, conversation, 51).seq()).isEqualTo(51);
    }

    @Test
    void whatIsChangedInPostgresIsNamed() {
        reachPostgres();
        Audit audit = audit(5);
        fill(audit, conversation, 20);
        copied();
        execute("UPDATE audit_entries SET details = '{\"n\": 7}' WHERE seq = 7");
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(7, Reason.CHANGED));
        execute("UPDATE audit_entries SET details = '{\"n\":7}' WHERE seq = 7");

        execute(
                "INSERT INTO audit_entries SELECT trail, seq, at + interval '1 s', entry_id, tenant_id, conversation_id,"
                        + " agent, action, details, prev, mac FROM audit_entries WHERE seq = 9");
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(9, Reason.REPEATED));
        execute("DELETE FROM audit_entries WHERE seq = 9");
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(9, Reason.MISSING));
    }

    /** In PostgreSQL alone, and looked at by a node with that retention. */
    private Audit archived(int entries, @Nullable Duration retention) {
        fill(audit(100), conversation, entries);
        copied();
        assertThat(TestRedis.commands().del(trail.head(keys), trail.stream(keys), trail.seen(keys)))
                .isEqualTo(3);
        AuditSettings settings = retention == null
                ? settings(100)
                : settings("audit.key", AuditContract.SECRET, "audit.retention", retention.toDays() + "d");
        return new Audit(redis, keys, settings, postgres);
    }

    private static final String OURS = " WHERE trail LIKE 'conv:audit-%'";

    @Test
    void aBeginningThatIsTakenOutIsMissing() {
        reachPostgres();
        Audit audit = audit(5);
        fill(audit, conversation, 20);
        copied();
        assertThat(inRedis()).hasSize(5);
        execute("DELETE FROM audit_entries WHERE seq <= 15");

        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(1, Reason.MISSING));
    }

    @Test
    void anEndThatIsTakenOutIsMissing() {
        reachPostgres();
        Audit audit = archived(20, null);
        assertWhole(audit, conversation, 20);

        execute("DELETE FROM audit_entries WHERE seq > 17");
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(18, Reason.MISSING));
        execute("UPDATE audit_heads SET seq = 17, mac = (SELECT mac FROM audit_entries WHERE seq = 17)" + OURS);
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(17, Reason.HEAD));
        execute("DELETE FROM audit_heads" + OURS);
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(17, Reason.HEAD));
    }

    @Test
    void aTrailOfWhichAllIsTakenOutIsMissing() {
        reachPostgres();
        Audit audit = archived(20, null);
        execute("DELETE FROM audit_entries");
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(1, Reason.MISSING));
    }

    @Test
    void whatRetentionMayHaveDroppedIsNoBreakAndAnEndIs() {
        reachPostgres();
        Audit audit = archived(20, Duration.ofDays(31));
        execute("DELETE FROM audit_entries WHERE seq <= 10");
        assertThat(verdict(audit, conversation).broken()).isNull();
        execute("DELETE FROM audit_entries WHERE seq > 17");
        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(18, Reason.MISSING));
        execute("DELETE FROM audit_entries");
        assertThat(verdict(audit, conversation).broken()).isNull();
    }

    @Test
    void whatIsPutBackInRedisAfterItWasArchivedIsMissing() {
        reachPostgres();
        Audit audit = audit(100);
        fill(audit, conversation, 3);
        byte[] head = TestRedis.commands().dump(trail.head(keys));
        byte[] stream = TestRedis.commands().dump(trail.stream(keys));
        AuditContract.append(audit, conversation, 4);
        copied();
        assertThat(TestRedis.commands().del(trail.head(keys), trail.stream(keys)))
                .isEqualTo(2);
        TestRedis.commands().restore(trail.head(keys), 0, head);
        TestRedis.commands().restore(trail.stream(keys), 0, stream);

        assertThat(verdict(audit, conversation).broken()).isEqualTo(new Broken(4, Reason.MISSING));
    }

    @Test
    void whileThereIsNoPostgresWhatRedisHasIsVerified() {
        reachPostgres();
        fill(audit(100), conversation, 3);
        Postgres never = TestPostgres.of("postgresql://127.0.0.1:1/nowhere");
        assertWhole(new Audit(redis, keys, settings(100), never), conversation, 3);
        never.close().block(Patience.ofSeconds(10));
    }

    @Test
    void anEntryThatSomebodySpoiltDoesNotStopTheArchiver() {
        reachPostgres();
        fill(audit(100), conversation, 3);
        String stream = trail.stream(keys);
        assertThat(TestRedis.commands()
                        .xadd(
                                stream,
                                new io.lettuce.core.XAddArgs().id("4-0"),
                                "details",
                                "no JSON \0",
                                "timestamp",
                                "yesterday"))
                .isEqualTo("4-0");

        copied();

        assertThat(inPostgres()).extracting(AuditEntry::seq).isEqualTo(upTo(4));
        assertThat(verdict(audit(100), conversation).broken()).isEqualTo(new Broken(4, Reason.CHANGED));
    }

    @Test
    void aTrailThatNobodyMarkedIsFound() {
        reachPostgres();
        fill(audit(100), conversation, 3);
        assertThat(TestRedis.commands().del(keys.auditDirty())).isEqualTo(1);
        Archiver archiver = archiver("one", Duration.ZERO);

        archiver.look().block(Patience.ofSeconds(10));
        assertThat(get(archiver.round())).isFalse();

        assertThat(inPostgres()).hasSize(3);
        assertThat(TestRedis.commands().xlen(keys.auditDirty())).isZero();
    }

    @Test
    void postgresMayGoAndComeBackMeanwhile() {
        try (TestPostgres server = TestPostgres.start()) {
            Postgres away = TestPostgres.of(server.url());
            away.open();
            away.reached().block(Patience.ofSeconds(30));
            Audit audit = new Audit(redis, keys, settings(100), away, Duration.ofMillis(100));
            audit.open();
            fill(audit, conversation, 50);
            Await.until("the first are archived", () -> audit.archived() == 50);

            server.stop();
            for (int n = 51; n <= 350; n++) {
                AuditContract.append(audit, conversation, n);
            }
            assertThat(inRedis().get(0).seq())
                    .as("nothing goes that is not there")
                    .isLessThanOrEqualTo(51);
            server.startAgain();
            Await.until("all is archived", () -> audit.archived() == 350);
            assertWhole(audit, conversation, 350);
            assertThat(get(new ArchivedTrails(away, new Chain(AuditContract.KEY))
                            .page(trail, 0, null, 1_000, false)
                            .map(AuditEntry::seq)
                            .collectList()))
                    .isEqualTo(upTo(350));
            audit.dispose();
            away.close().block(Patience.ofSeconds(10));
        }
    }

    private List<String> partitions() {
        return get(postgres.query(
                        "SELECT inhrelid::regclass::text FROM pg_inherits"
                                + " WHERE inhparent = 'audit_entries'::regclass ORDER BY 1",
                        UnaryOperator.identity(),
                        row -> Objects.requireNonNull(row.get(0, String.class)))
                .collectList());
    }

    @Test
    void monthsAreMadeAheadAndDroppedWhenRetentionIsOver() {
        reachPostgres();
        Clock then = Clock.fixed(Instant.parse("2026-01-31T23:00:00Z"), ZoneOffset.UTC);
        new Partitions(postgres, null, then).keep().block(Patience.ofSeconds(10));
        assertThat(partitions())
                .containsExactly(
                        "audit_entries_2025_12",
                        "audit_entries_2026_01",
                        "audit_entries_2026_02",
                        "audit_entries_2026_03",
                        "audit_entries_other");
        execute(
                "INSERT INTO audit_entries VALUES ('conv:a', 1, '2025-12-31T23:59:59Z', '', '', '', '', '', '{}', '', '')");
        execute(
                "INSERT INTO audit_entries VALUES ('conv:a', 2, '2026-01-01T00:00:00Z', '', '', '', '', '', '{}', '', '')");
        execute(
                "INSERT INTO audit_entries VALUES ('conv:a', 0, '2020-01-01T00:00:00Z', '', '', '', '', '', '{}', '', '')");

        Clock later = Clock.fixed(Instant.parse("2026-02-01T00:00:00Z"), ZoneOffset.UTC);
        new Partitions(postgres, Duration.ofDays(31), later).keep().block(Patience.ofSeconds(10));

        assertThat(partitions())
                .containsExactly(
                        "audit_entries_2026_01",
                        "audit_entries_2026_02",
                        "audit_entries_2026_03",
                        "audit_entries_2026_04",
                        "audit_entries_other");
        assertThat(get(archive.page(Trail.ofConversation("a"), -1, null, 10, false)
                        .collectList()))
                .extracting(AuditEntry::seq)
                .containsExactly(2L);
    }

    private void monthNamed(String digits, String from, String to) {
        String sql = "CREATE TABLE audit_entries_" + digits + " PARTITION OF audit_entries FOR VALUES FROM ('" + from
                + "') TO ('" + to + "')";
        assertThat(get(postgres.update(sql, UnaryOperator.identity()))).isZero();
    }

    /** A gateway whose JVM's language was Arabic named them so, and no gateway dropped them. */
    @Test
    void monthsNamedInOtherDigitsAreRenamedAndDroppedInTheirTurn() {
        reachPostgres();
        monthNamed("٢٠٢٥_١٢", "2025-12-01Z", "2026-01-01Z");
        monthNamed("٢٠٢٦_٠١", "2026-01-01Z", "2026-02-01Z");
        execute(
                "INSERT INTO audit_entries VALUES ('conv:a', 1, '2025-12-31T23:59:59Z', '', '', '', '', '', '{}', '', '')");
        execute(
                "INSERT INTO audit_entries VALUES ('conv:a', 2, '2026-01-01T00:00:00Z', '', '', '', '', '', '{}', '', '')");

        Clock then = Clock.fixed(Instant.parse("2026-02-01T00:00:00Z"), ZoneOffset.UTC);
        new Partitions(postgres, Duration.ofDays(31), then).keep().block(Patience.ofSeconds(10));

        assertThat(partitions())
                .containsExactly(
                        "audit_entries_2026_01",
                        "audit_entries_2026_02",
                        "audit_entries_2026_03",
                        "audit_entries_2026_04",
                        "audit_entries_other");
        assertThat(get(archive.page(Trail.ofConversation("a"), -1, null, 10, false)
                        .collectList()))
                .extracting(AuditEntry::seq)
                .containsExactly(2L);
    }

    /** A clock that a test puts on. */
    private static final class Moving extends Clock {

        private volatile Instant now;

        Moving(String now) {
            this.now = Instant.parse(now);
        }

        void to(String later) {
            now = Instant.parse(later);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void aNodeThatRunsForMonthsGoesOnMakingThem() {
        reachPostgres();
        Moving clock = new Moving("2026-01-15T00:00:00Z");
        Mono<Void> keep = new Partitions(postgres, null, clock).keep();
        keep.block(Patience.ofSeconds(10));
        clock.to("2026-04-15T00:00:00Z");

        keep.block(Patience.ofSeconds(10));

        assertThat(partitions()).contains("audit_entries_2026_04", "audit_entries_2026_05", "audit_entries_2026_06");
    }

    @Test
    void whatCameBeforeItsMonthWasMadeMovesIntoIt() {
        reachPostgres();
        for (String at :
                List.of("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z", "2026-02-28T23:59:59Z", "2020-02-02Z")) {
            execute("INSERT INTO audit_entries VALUES ('conv:a', 1, '" + at + "', '', '', '', '', '', '{}', '', '')");
        }
        Moving clock = new Moving("2026-02-15T00:00:00Z");

        new Partitions(postgres, null, clock).keep().block(Patience.ofSeconds(10));

        assertThat(get(postgres.query(
                                "SELECT tableoid::regclass::text || ' ' || count(*) FROM audit_entries GROUP BY tableoid",
                                UnaryOperator.identity(),
                                row -> Objects.requireNonNull(row.get(0, String.class)))
                        .collectList()))
                .containsExactlyInAnyOrder(
                        "audit_entries_2026_01 1", "audit_entries_2026_02 2", "audit_entries_other 1");
        assertThatThrownBy(
                        () -> execute(
                                "INSERT INTO audit_entries VALUES ('conv:a', 1, '2026-02-01Z', '', '', '', '', '', '{}', '', '')"))
                .as("the month has the keys of the whole")
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        // The next time, there is nothing to do.
        new Partitions(postgres, null, clock).keep().block(Patience.ofSeconds(10));
        assertThat(partitions()).hasSize(5);
    }

    @Test
    void whatAFirstArchiverCopiesFindsItsMonth() {
        reachPostgres();
        fill(audit(100), conversation, 3);

        copied();

        assertThat(get(postgres.query(
                                "SELECT count(*) FROM audit_entries_other",
                                UnaryOperator.identity(),
                                row -> Objects.requireNonNull(row.get(0, Long.class)))
                        .next()))
                .isZero();
        assertThat(inPostgres()).hasSize(3);
    }

    @Test
    void theStreamIsCalledAsItIsDocumented() {
        assertThat(trail.stream(Keys.DEFAULT)).isEqualTo(stream(conversation));
    }
}
