package dev.parley.node;

import dev.parley.archive.ArchiveSource;
import dev.parley.archive.Archiver;
import dev.parley.archive.DirtySet;
import dev.parley.config.GatewayConfig;
import dev.parley.leaderboard.DayArchive;
import dev.parley.leaderboard.DayRecord;
import dev.parley.leaderboard.Leaderboard;
import dev.parley.postgres.EmbeddedPostgres;
import dev.parley.postgres.Postgres;
import dev.parley.session.Archive;
import dev.parley.session.ArchivedSessions;
import dev.parley.session.SessionArchive;
import java.time.Duration;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposables;

/** Assembles the record that outlives Redis: PostgreSQL, and the archivers that copy sessions and leaderboards there. */
final class RecordAssembly {

    private static final Logger LOG = LoggerFactory.getLogger(RecordAssembly.class);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);

    private final @Nullable EmbeddedPostgres embedded;
    private final @Nullable Postgres postgres;
    private final Archive archive;
    private final @Nullable SessionArchive sessionArchive;
    private final @Nullable Archiver sessionArchiver;
    private final @Nullable Archiver dayArchiver;
    private final Leaderboard leaderboard;

    /** @param lifecycle closes the connections */
    RecordAssembly(
            GatewayConfig config, RedisAssembly redis, @Nullable EmbeddedPostgres embedded, Lifecycle lifecycle) {
        this.embedded = embedded;
        Postgres database = config.postgres().enabled()
                ? new Postgres(config.postgres(), "parley:" + config.node(), embedded)
                : null;
        postgres = database;
        int messages = config.sessions().messages();
        Duration ttl = config.log().ttl();
        DayRecord days = database == null ? null : new DayRecord(database);
        leaderboard =
                new Leaderboard(redis.redis(), redis.keys(), days, config.auth().defaultTenant());
        if (database == null || days == null) {
            LOG.info("parley.postgres.url is not set: nothing is kept beyond what Redis keeps");
            archive = Archive.NONE;
            sessionArchive = null;
            sessionArchiver = null;
            dayArchiver = null;
            return;
        }
        lifecycle.start("PostgreSQL's connections", () -> {}, database::close, CLOSE_LIMIT);
        archive = new ArchivedSessions(
                redis.redis(),
                redis.keys(),
                database,
                messages,
                ttl,
                config.sessions().unarchivedTtl());
        SessionArchive sessions = new SessionArchive(redis.redis(), redis.keys(), database, messages, ttl);
        sessionArchive = sessions;
        sessionArchiver = archiver(
                redis, config, database, redis.keys().dirty(), redis.keys().scanning(), sessions);
        dayArchiver = archiver(
                redis,
                config,
                database,
                redis.keys().leaderboardDirty(),
                redis.keys().leaderboardScan(),
                new DayArchive(redis.redis(), redis.keys(), leaderboard, days));
    }

    private static Archiver archiver(
            RedisAssembly redis,
            GatewayConfig config,
            Postgres postgres,
            String dirty,
            String scanning,
            ArchiveSource archived) {
        return new Archiver(
                redis.redis(),
                postgres,
                new DirtySet(redis.redis(), dirty),
                scanning,
                archived,
                config.node(),
                Archiver.CLAIM_AFTER);
    }

    void start(Lifecycle lifecycle) {
        Postgres database = postgres;
        if (database == null) {
            return;
        }
        if (embedded == null) {
            database.open();
        } else {
            embedded.whenUp(database::open);
        }
        lifecycle.start(
                "archivers",
                () -> Disposables.composite(
                        archivers().map(each -> each.run().subscribe()).toList()),
                CLOSE_LIMIT);
    }

    private Stream<Archiver> archivers() {
        return Stream.of(sessionArchiver, dayArchiver).flatMap(Stream::ofNullable);
    }

    /** Null if none is configured. */
    @Nullable
    Postgres postgres() {
        return postgres;
    }

    Archive archive() {
        return archive;
    }

    Leaderboard leaderboard() {
        return leaderboard;
    }

    /** Null without PostgreSQL. */
    @Nullable
    SessionArchive sessionArchive() {
        return sessionArchive;
    }

    /** Null without PostgreSQL. */
    @Nullable
    Archiver sessionArchiver() {
        return sessionArchiver;
    }
}
