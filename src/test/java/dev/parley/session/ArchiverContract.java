package dev.parley.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.archive.Archiver;
import dev.parley.archive.DirtySet;
import dev.parley.auth.Access;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.inbox.AnswerCache;
import dev.parley.inbox.CachedRun;
import dev.parley.inbox.UserEvents;
import dev.parley.inbox.UserMessage;
import dev.parley.postgres.Postgres;
import dev.parley.postgres.TestPostgres;
import dev.parley.protocol.MessageContent;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.OnRedis;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.redis.TestServer;
import dev.parley.store.AppendRequest;
import dev.parley.store.RedisEventStore;
import dev.parley.store.SessionMessage;
import dev.parley.store.StoreSettings;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import io.lettuce.core.Range;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** PostgreSQL has what sessions had in Redis, whatever happens to those who copy it. */
abstract class ArchiverContract extends OnRedis {

    static final Duration TTL = Duration.ofMinutes(10);
    static final Principal AGENT = new Principal("bot", "acme", Set.of(Role.AGENT), Set.of(Principal.ANY), null, false);

    private static String url = "";
    private static Postgres postgres;

    /** Each test has its own. */
    Keys keys = Keys.DEFAULT;

    String c = "";

    /** On a server that all tests of a JVM share. */
    ArchiverContract() {}

    /** On one that ends with the class. */
    ArchiverContract(TestServer server) {
        super(server);
    }

    @BeforeAll
    static void start() {
        url = TestPostgres.newDatabase();
        postgres = TestPostgres.of(url);
        postgres.open();
        postgres.reached().block(Patience.ofSeconds(30));
    }

    @AfterAll
    static void stop() {
        postgres.close().block(Patience.ofSeconds(10));
    }

    @BeforeEach
    void take() {
        keys = new Keys("archive-" + Ids.random() + ":");
        c = Ids.random();
    }

    static Postgres postgres() {
        return postgres;
    }

    Sessions sessions() {
        return sessions(redis(), postgres);
    }

    private RedisEventStore log(Redis redis) {
        StoreSettings settings =
                TestSettings.of(StoreSettings.class, "postgres.embedded", "true", "log.ttl", TTL.toMinutes() + "m");
        return new RedisEventStore(redis, keys, settings);
    }

    private Sessions sessions(Redis redis, Postgres postgres) {
        return new Sessions(
                redis,
                keys,
                log(redis),
                new ArchivedSessions(redis, keys, postgres, 50, TTL, Duration.ofDays(7)),
                AuditListener.NONE,
                conversation -> false);
    }

    Archiver archiver(Redis redis, String node) {
        return new Archiver(
                redis,
                postgres,
                new DirtySet(redis, keys.dirty()),
                keys.scanning(),
                new SessionArchive(redis, keys, postgres, 50, TTL),
                node,
                Duration.ofMillis(200));
    }

    @CanIgnoreReturnValue
    static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(20)));
    }

    private static void refused(ErrorCode code, Mono<?> mono) {
        assertThatThrownBy(() -> mono.block(Patience.ofSeconds(10)))
                .isInstanceOfSatisfying(
                        ParleyException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(code));
    }

    static NewMessage message(String text) {
        return new NewMessage("user", "\"" + text + "\"", 3, "bot", null, null, null, null, false);
    }

    void append(int from, int to) {
        append(c, from, to);
    }

    void append(String conversation, int from, int to) {
        for (int i = from; i <= to; i++) {
            get(sessions().append(AGENT, conversation, message("m" + i), null, null));
        }
    }

    String create() {
        String conversation = Ids.random();
        get(sessions().create(AGENT, conversation, null, Map.of(), null));
        return conversation;
    }

    List<Long> recorded(String conversation) {
        return get(postgres.query(
                        "SELECT seq, content::text AS content FROM messages WHERE conversation_id = $1 ORDER BY generation, seq",
                        statement -> statement.bind("$1", conversation),
                        row -> {
                            Long seq = Objects.requireNonNull(row.get("seq", Long.class));
                            assertThat(row.get("content", String.class)).isEqualTo(content(seq));
                            return seq;
                        })
                .collectList());
    }

    private static String content(long number) {
        return "\"m" + number + "\"";
    }

    static List<Long> numbers(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    void awaitArchived() {
        Await.until("all is archived", () -> commands().xlen(keys.dirty()) == 0);
    }

    /** The session has changed, and no mark says so. */
    void awaitFound() {
        Await.until("it is found", () -> {
            Map<String, String> session = commands().hgetall(keys.session(c));
            return Objects.equals(session.get("archived"), session.get("version"));
        });
    }

    void archived() {
        Disposable archiving = archiver(redis(), "one").run().subscribe();
        awaitArchived();
        archiving.dispose();
    }

    /** As when it has expired. */
    void forgotten() {
        commands()
                .keys(keys.prefix() + "*{" + c + "}*")
                .forEach(key -> commands().del(key));
    }

    @Test
    void whatAbandonedSessionsHadIsInPostgresqlBeforeTheyExpire() {
        get(sessions().create(AGENT, c, "billing", Map.of("plan", "{\"tier\":1.50}"), null));
        append(1, 120);
        assertThat(commands().xlen(keys.messages(c))).isEqualTo(120);
        archived();
        assertThat(recorded(c)).isEqualTo(numbers(1, 120));
        assertThat(commands().xlen(keys.messages(c))).isEqualTo(50);
        assertThat(commands().pttl(keys.session(c))).isBetween(1L, TTL.toMillis());

        forgotten();
        SessionView read = get(sessions().get(AGENT, c));
        assertThat(read.source()).isEqualTo(ReadSource.ARCHIVE);
        assertThat(read.session().text("current_agent")).isEqualTo("billing");
        assertThat(read.session().number("token_count")).isEqualTo(360);
        assertThat(read.session().context()).isEqualTo(Map.of("plan", "{\"tier\":1.50}"));
        assertThat(get(sessions().window(AGENT, c, 50, Long.MAX_VALUE)).messages())
                .extracting(SessionMessage::seq)
                .isEqualTo(numbers(71, 120));
    }

    @Test
    void whileRedisIsAwayTheRecordIsReadAndNothingIsChanged() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 60);
        archived();
        Principal other = new Principal("x", "other", Set.of(Role.AGENT), Set.of(Principal.ANY), null, false);
        EmbeddedRedis server = EmbeddedRedis.start();
        Redis away = new Redis(RedisTopology.parse(server.uri()), "away", TestSettings.of(RedisSettings.class));
        server.kill();
        away.open();
        try {
            Sessions sessions = sessions(away, postgres);
            SessionView read = get(sessions.window(AGENT, c, 50, Long.MAX_VALUE));
            assertThat(read.source()).isEqualTo(ReadSource.ARCHIVE);
            assertThat(read.messages()).extracting(SessionMessage::seq).isEqualTo(numbers(11, 60));
            assertThat(get(sessions.history(AGENT, c, 0, 100)).messages())
                    .extracting(SessionMessage::seq)
                    .isEqualTo(numbers(1, 60));
            refused(ErrorCode.NOT_FOUND, sessions.get(other, c));
            refused(ErrorCode.UNAVAILABLE, sessions.append(AGENT, c, message("m61"), null, null));
            refused(ErrorCode.UNAVAILABLE, sessions(away, nowhere()).get(AGENT, c));
        } finally {
            away.close().block(Patience.ofSeconds(10));
        }
    }

    @Test
    void whilePostgresqlIsAwayNothingChangesForWhatRedisHas() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        Sessions sessions = sessions(redis(), nowhere());
        for (int i = 1; i <= 120; i++) {
            get(sessions.append(AGENT, c, message("m" + i), (long) i - 1, null));
        }
        get(sessions.handOff(AGENT, c, "billing", null, null));
        SessionView read = get(sessions.history(AGENT, c, 0, 200));
        assertThat(read.source()).isEqualTo(ReadSource.LIVE);
        assertThat(read.session().text("current_agent")).isEqualTo("billing");
        assertThat(read.messages()).extracting(SessionMessage::seq).isEqualTo(numbers(1, 120));
        archived();
        assertThat(recorded(c)).isEqualTo(numbers(1, 120));
    }

    private static Postgres nowhere() {
        return TestPostgres.of("postgresql://127.0.0.1:1/none");
    }

    @Test
    void aSessionThatIsSpokenToAgainComesBack() {
        get(sessions().create(AGENT, c, null, Map.of("a", "1"), null));
        append(1, 60);
        long generation = get(sessions().get(AGENT, c)).session().number("generation");
        archived();
        forgotten();
        append(61, 61);
        SessionView read = get(sessions().window(AGENT, c, 50, Long.MAX_VALUE));
        assertThat(read.source()).isEqualTo(ReadSource.LIVE);
        assertThat(read.session().number("generation")).isEqualTo(generation);
        assertThat(read.session().context()).isEqualTo(Map.of("a", "1"));
        assertThat(read.messages()).extracting(SessionMessage::seq).isEqualTo(numbers(12, 61));
        archived();
        assertThat(recorded(c)).isEqualTo(numbers(1, 61));
        refused(
                ErrorCode.NOT_FOUND,
                sessions().get(new Principal("x", "other", Set.of(Role.AGENT), Set.of(Principal.ANY), null, false), c));
    }

    @Test
    void pagesOfTheWholeHistoryHaveNoHoleAndNoRepeat() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 130);
        archived();
        append(131, 137);
        List<Long> all = new ArrayList<>();
        long after = 0;
        while (true) {
            List<SessionMessage> page =
                    get(sessions().history(AGENT, c, after, 9)).messages();
            if (page.isEmpty()) {
                break;
            }
            page.forEach(one -> all.add(one.seq()));
            after = all.get(all.size() - 1);
        }
        assertThat(all).isEqualTo(numbers(1, 137));
    }

    @Test
    void anIdThatIsUsedAgainIsAnotherGeneration() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 3);
        get(sessions().complete(AGENT, c, null, null));
        refused(ErrorCode.OVERLOADED, sessions().create(AGENT, c, null, Map.of(), null));
        archived();
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 2);
        archived();
        assertThat(recorded(c)).containsExactly(1L, 2L, 3L, 1L, 2L);
    }

    @Test
    void whatIsDeletedIsGoneFromTheRecordToo() {
        get(sessions().create(AGENT, c, null, Map.of("secret", "1"), null));
        append(1, 3);
        archived();
        assertThat(recorded(c)).hasSize(3);
        get(sessions().delete(AGENT, c, null));
        archived();
        assertThat(recorded(c)).isEmpty();
        forgotten();
        refused(ErrorCode.GONE, sessions().get(AGENT, c));
        refused(ErrorCode.GONE, sessions().append(AGENT, c, message("m4"), null, null));
    }

    /** A first message and the answer to it, which was known. */
    private List<AppendRequest> answered(String id, String text) {
        Access access = AGENT.access(c).orNew();
        UserMessage message = new UserMessage(c, MessageContent.text("Hi?"), id, null, null);
        AnswerCache.Known known = new AnswerCache.Known(text, "exact", "e", 1);
        return Stream.concat(
                        Stream.of(UserEvents.message(message, "acme", "bot", id, true)),
                        CachedRun.of(c, "triage", id, known).stream())
                .map(event -> AppendRequest.by(access, event))
                .toList();
    }

    @Test
    void aKnownAnswerDoesNotUndoADeletionThatTheRecordHasNotGotYet() {
        get(sessions().create(AGENT, c, null, Map.of("secret", "1"), null));
        append(1, 3);
        archived();
        get(sessions().delete(AGENT, c, null));
        assertThat(log(redis()).appendFirst("acme", answered("q1", "Yes.")).blockOptional(Patience.ofSeconds(10)))
                .isEmpty();
        archived();
        assertThat(recorded(c)).isEmpty();
        refused(ErrorCode.GONE, sessions().get(AGENT, c));
    }

    @Test
    void whatComesBackWithSomethingNewWaitsForTheRecord() {
        get(sessions().create(AGENT, c, null, Map.of("a", "1"), null));
        append(1, 3);
        archived();
        forgotten();
        byte[] late = ("{\"event\":\"agent.run.completed\",\"payload\":{\"conversation_id\":\"" + c
                        + "\",\"run\":\"r\",\"content\":\"m4\"}}")
                .getBytes(UTF_8);
        get(log(redis()).append(null, List.of(new AppendRequest(EventCodec.parse(late), null, null))));
        assertThat(sessions().revive(c, AGENT.access(c)).blockOptional(Patience.ofSeconds(10)))
                .isEmpty();
        for (String key : List.of(keys.session(c), keys.messages(c), keys.context(c))) {
            assertThat(commands().pttl(key))
                    .as(key)
                    .isGreaterThan(Duration.ofDays(6).toMillis());
        }
        archived();
        assertThat(recorded(c)).isEqualTo(numbers(1, 4));
        assertThat(commands().pttl(keys.session(c))).isBetween(1L, TTL.toMillis());
    }

    @Test
    void aRecordThatRefusesSilencesNobody() throws SQLException {
        try (Connection operator = connection()) {
            assertThat(execute(operator, "ALTER TABLE conversations RENAME TO moved"))
                    .isFalse();
            try {
                assertThat(sessions().revive(c, AGENT.access(c)).blockOptional(Patience.ofSeconds(10)))
                        .isEmpty();
            } finally {
                assertThat(execute(operator, "ALTER TABLE moved RENAME TO conversations"))
                        .isFalse();
            }
        }
    }

    @Test
    void aForkHasWhatOnlyTheRecordHad() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 130);
        archived();
        String fork = Ids.random();
        get(sessions().fork(AGENT, c, 110, fork, null));
        get(sessions().append(AGENT, fork, message("m111"), null, null));
        archived();
        assertThat(recorded(fork)).isEqualTo(numbers(1, 111));
        String early = Ids.random();
        get(sessions().fork(AGENT, c, 60, early, null));
        assertThat(get(sessions().window(AGENT, early, 50, Long.MAX_VALUE)).messages())
                .extracting(SessionMessage::seq)
                .isEqualTo(numbers(11, 60));
    }

    @Test
    void aForkHasWhatTheRecordHasNotGotYet() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 100);
        archived();
        append(101, 110);
        String fork = Ids.random();
        get(sessions().fork(AGENT, c, 105, fork, null));
        assertThat(get(sessions().window(AGENT, fork, 50, Long.MAX_VALUE)).messages())
                .extracting(SessionMessage::seq)
                .isEqualTo(numbers(56, 105));
        archived();
        assertThat(recorded(fork)).isEqualTo(numbers(1, 105));
    }

    /** While PostgreSQL is away, a fork's older history is left to the archiver. */
    private String forkedLater(String from, String to) {
        get(sessions(redis(), nowhere()).fork(AGENT, from, 130, to, null));
        return to;
    }

    @Test
    void aForkOfAForkHasAllOfItWhicheverIsArchivedFirst() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 130);
        archived();
        String later = forkedLater(c, "b-" + c);
        String sooner = forkedLater(later, "a-" + c);
        archived();
        assertThat(recorded(later)).isEqualTo(numbers(1, 130));
        assertThat(recorded(sooner)).isEqualTo(numbers(1, 130));
    }

    @Test
    void aForkKeepsWhatItHasWhenTheOtherIsDeletedBeforeTheArchiverComes() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 130);
        archived();
        String fork = forkedLater(c, "b-" + c);
        get(sessions().delete(AGENT, c, null));
        archived();
        assertThat(recorded(c)).isEmpty();
        assertThat(recorded(fork)).isEqualTo(numbers(1, 130));
    }

    @Test
    void aForkKeepsWhatItHasWhenTheOthersDeletionIsArchivedFirst() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 130);
        archived();
        String fork = "b-" + c;
        get(sessions().fork(AGENT, c, 130, fork, null));
        commands().del(keys.dirty());
        get(sessions().delete(AGENT, c, null));
        archived();
        assertThat(recorded(c)).isEmpty();
        get(sessions().append(AGENT, fork, message("m131"), null, null));
        new DirtySet(redis(), keys.dirty()).set(List.of(fork)).block(Patience.ofSeconds(10));
        archived();
        assertThat(recorded(fork)).isEqualTo(numbers(1, 131));
    }

    @Test
    void whatTheRecordHasIsInTheWayOfANewSession() {
        Principal other = new Principal("bot", "other", Set.of(Role.AGENT), Set.of(Principal.ANY), null, false);
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 3);
        archived();
        forgotten();
        refused(ErrorCode.NOT_FOUND, sessions().create(other, c, null, Map.of(), null));
        refused(ErrorCode.CONFLICT, sessions().create(AGENT, c, null, Map.of(), null));
        get(sessions().complete(AGENT, c, null, null));
        archived();
        forgotten();
        refused(ErrorCode.NOT_FOUND, sessions().create(other, c, null, Map.of(), null));
        assertThat(get(sessions().create(AGENT, c, null, Map.of(), null))
                        .session()
                        .number("message_count"))
                .isZero();
    }

    @Test
    void whatComesBackIsNotShownToWhoHasTheIdByNow() {
        Principal other = new Principal("bot", "other", Set.of(Role.AGENT), Set.of(Principal.ANY), null, false);
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 3);
        archived();
        forgotten();
        commands().hset(keys.meta(c), "tenant", "other");
        refused(ErrorCode.NOT_FOUND, sessions().append(AGENT, c, message("m4"), null, null));
        refused(ErrorCode.NOT_FOUND, sessions().history(other, c, 0, 10));
        assertThat(commands().exists(keys.session(c))).isZero();
    }

    @Test
    void whatASlowerArchiverBringsDoesNotUndoADeletion() {
        get(sessions().create(AGENT, c, null, Map.of("secret", "1"), null));
        append(1, 3);
        SessionView before = get(sessions().history(AGENT, c, 0, 10));
        get(sessions().delete(AGENT, c, null));
        archived();
        new SessionWriter(postgres)
                .put(List.of(new ArchiveBatch(c, before.session(), before.messages())))
                .block(Patience.ofSeconds(10));
        assertThat(recorded(c)).isEmpty();
        forgotten();
        refused(ErrorCode.GONE, sessions().get(AGENT, c));
    }

    @Test
    void whatIsSaidToARedisThatHasLostItsTailIsInTheRecord() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 3);
        byte[] session = commands().dump(keys.session(c));
        byte[] messages = commands().dump(keys.messages(c));
        append(4, 6);
        archived();
        forgotten();
        commands().restore(keys.session(c), 0, session);
        commands().restore(keys.messages(c), 0, messages);
        get(sessions().append(AGENT, c, message("other"), null, null));
        get(sessions().handOff(AGENT, c, "billing", null, null));
        // The mark was acknowledged, of what is lost.
        commands().del(keys.scanning());
        archiver(redis(), "one").look().block(Patience.ofSeconds(10));
        archived();
        forgotten();
        SessionView read = get(sessions().history(AGENT, c, 0, 10));
        assertThat(read.messages())
                .extracting(message -> message.field("content"))
                .containsExactly(content(1), content(2), content(3), "\"other\"", content(5), content(6));
        assertThat(read.session().text("current_agent")).isEqualTo("billing");
    }

    @Test
    void aSessionThatIsNoneStopsNobody() {
        String none = Ids.random();
        commands().hset(keys.session(none), "messages", "[]");
        commands().set(keys.context(none), "{}");
        commands().set(keys.session(none + "-text"), "");
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 3);
        commands().del(keys.dirty());
        Archiver archiver = archiver(redis(), "one");
        archiver.look().block(Patience.ofSeconds(10));
        assertThat(commands().xlen(keys.dirty())).isEqualTo(2);
        Disposable archiving = archiver.run().subscribe();
        Await.until("the other one is archived", () -> recorded(c).equals(numbers(1, 3)));
        commands().del(keys.context(none));
        awaitArchived();
        archiving.dispose();
    }

    @Test
    void whatWaitsIsKnownWhilePostgresqlIsAway() {
        Postgres away = nowhere();
        get(sessions().create(AGENT, c, null, Map.of(), null));
        Archiver archiver = new Archiver(
                redis(),
                away,
                new DirtySet(redis(), keys.dirty()),
                keys.scanning(),
                new SessionArchive(redis(), keys, away, 50, TTL),
                "one",
                Duration.ofMillis(200));
        Disposable archiving = archiver.run().subscribe();
        // Once or twice: the look marks it again.
        Await.until("it waits", () -> archiver.waiting() > 0 && archiver.lag().toMillis() > 0);
        archiving.dispose();
    }

    @Test
    void whatWasSaidWhileASessionWasAwayIsMarkedWhenItComesBack() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 2);
        archived();
        forgotten();
        commands().xadd(keys.messages(c), Map.of("role", "assistant", "content", content(3), "at", "1"));
        refused(ErrorCode.CONFLICT, sessions().append(AGENT, c, message("m4"), 9L, null));
        archived();
        assertThat(recorded(c)).isEqualTo(numbers(1, 3));
    }

    @Test
    void whatACrashLeftUnmarkedIsFound() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        append(1, 3);
        commands().del(keys.dirty());
        Archiver archiver = archiver(redis(), "one");
        archiver.look().block(Patience.ofSeconds(10));
        assertThat(commands().xlen(keys.dirty())).isOne();
        archived();
        assertThat(recorded(c)).isEqualTo(numbers(1, 3));
    }

    @Test
    void aChangeThatIsAskedForAgainMarksItsSessionAgain() {
        get(sessions().create(AGENT, c, null, Map.of(), null));
        get(sessions().append(AGENT, c, message("m1"), null, "once"));
        commands().del(keys.dirty());
        assertThat(get(sessions().append(AGENT, c, message("m1"), null, "once")).repeated())
                .isTrue();
        archived();
        assertThat(recorded(c)).isEqualTo(numbers(1, 1));
        assertThat(get(sessions().append(AGENT, c, message("m1"), null, "once")).repeated())
                .isTrue();
        assertThat(commands().xlen(keys.dirty())).isZero();
    }

    @Test
    void aTransactionThatIsCutOffInTheMiddleLosesAndRepeatsNothing() throws SQLException {
        List<String> all = List.of(create(), create(), create());
        all.forEach(one -> append(one, 1, 3));
        long generation = get(sessions().get(AGENT, all.get(1))).session().number("generation");
        Disposable archiving;
        try (Connection other = connection();
                Connection operator = connection()) {
            // Whoever writes the same message has to wait, with the sessions' rows written already.
            other.setAutoCommit(false);
            execute(
                    other,
                    "INSERT INTO messages (conversation_id, generation, seq, role, content, at)" + " VALUES ('"
                            + all.get(1) + "', " + generation + ", 2, 'user', '\"m2\"', 'epoch')");
            archiving = archiver(redis(), "one").run().subscribe();
            String waiting = " FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            Await.until("the archiver waits", () -> execute(operator, "SELECT pid" + waiting));
            assertThat(all).allSatisfy(one -> assertThat(recorded(one)).isEmpty());
            assertThat(execute(operator, "SELECT pg_terminate_backend(pid)" + waiting))
                    .isTrue();
            other.rollback();
        }
        awaitArchived();
        archiving.dispose();
        assertThat(all).allSatisfy(one -> assertThat(recorded(one)).isEqualTo(numbers(1, 3)));
    }

    private static Connection connection() throws SQLException {
        return DriverManager.getConnection("jdbc:" + url + "?user=postgres");
    }

    /** Whether there are rows. */
    @CanIgnoreReturnValue
    private static boolean execute(Connection connection, String sql) {
        try (Statement statement = connection.createStatement()) {
            return statement.execute(sql) && statement.getResultSet().next();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void round() {
        get(archiver(redis(), "one").round());
    }

    @Test
    void aRoundIsOneTransaction() {
        List<String> all = List.of(create(), create(), create());
        String deleted = create();
        append(deleted, 1, 3);
        append(all.get(0), 1, 130);
        round();
        assertThat(recorded(deleted)).isEqualTo(numbers(1, 3));

        append(all.get(0), 131, 133);
        append(all.get(1), 1, 2);
        get(sessions().complete(AGENT, all.get(1), null, null));
        get(sessions().handOff(AGENT, all.get(2), "billing", null, null));
        get(sessions().delete(AGENT, deleted, null));
        String fork = Ids.random();
        get(sessions().fork(AGENT, all.get(0), 132, fork, null));
        round();

        assertThat(commands().xlen(keys.dirty())).isZero();
        assertThat(recorded(all.get(0))).isEqualTo(numbers(1, 133));
        assertThat(recorded(all.get(1))).isEqualTo(numbers(1, 2));
        assertThat(recorded(all.get(2))).isEmpty();
        assertThat(recorded(deleted)).isEmpty();
        assertThat(recorded(fork)).isEqualTo(numbers(1, 132));
        String[] written = {all.get(0), all.get(1), all.get(2), deleted, fork};
        assertThat(get(postgres.query(
                                "SELECT status || ' ' || current_agent FROM conversations WHERE conversation_id = any($1)"
                                        + " ORDER BY array_position($1, conversation_id)",
                                statement -> statement.bind("$1", written),
                                row -> Objects.requireNonNull(row.get(0, String.class)))
                        .collectList()))
                .containsExactly(
                        "active triage", "completed triage", "active billing", "deleted triage", "active triage");
        assertThat(get(postgres.query(
                                "SELECT count(DISTINCT xmin::text) FROM conversations WHERE conversation_id = any($1)",
                                statement -> statement.bind("$1", written),
                                row -> Objects.requireNonNull(row.get(0, Long.class)))
                        .next()))
                .isOne();
    }

    @Test
    void aSessionThatPostgresqlRefusesCostsTheOthersNothing() throws SQLException {
        String bad = create();
        List<String> good = List.of(create(), create());
        get(sessions().append(AGENT, bad, message("poison"), null, null));
        good.forEach(one -> append(one, 1, 3));
        try (Connection operator = connection();
                LogWatch log = LogWatch.open()) {
            execute(operator, "ALTER TABLE messages ADD CONSTRAINT refused CHECK (content::text <> '\"poison\"')");
            try {
                round();
                assertThat(good).allSatisfy(one -> assertThat(recorded(one)).isEqualTo(numbers(1, 3)));
                assertThat(commands().xlen(keys.dirty()))
                        .as("the mark of the one")
                        .isEqualTo(marksOf(bad))
                        .isPositive();
                assertThat(log.lines())
                        .filteredOn(line -> line.startsWith("WARN"))
                        .singleElement()
                        .asString()
                        .contains(bad + " is not archived yet")
                        .contains("refused");
            } finally {
                execute(operator, "ALTER TABLE messages DROP CONSTRAINT refused");
            }
        }
        archived();
        assertThat(get(sessions().get(AGENT, bad)).session().text("archived"))
                .isEqualTo(get(sessions().get(AGENT, bad)).session().text("version"));
    }

    private long marksOf(String conversation) {
        return commands().xrange(keys.dirty(), Range.unbounded()).stream()
                .filter(mark -> conversation.equals(mark.getBody().get("name")))
                .count();
    }
}
