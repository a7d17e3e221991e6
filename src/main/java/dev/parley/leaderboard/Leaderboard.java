package dev.parley.leaderboard;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The agents' figures per day and tenant. Days begin at midnight UTC by Redis' clock. A tenant's keys share a slot, so each request is one
 * script and one round trip. Cold; answers come on Redis' event loop and fail with a {@link ParleyException} {@code unavailable} while
 * Redis is unavailable.
 */
public final class Leaderboard {

    /** Number of days kept besides today; also the maximum of a window. */
    public static final int DAYS = 30;

    /** Maximum agents of one tenant on one day. */
    static final int MAX_AGENTS = 10_000;

    private static final Duration KEYS_TTL = Duration.ofHours(24);
    private static final Script RECORD = Script.load(Leaderboard.class, "date.lua", "record.lua");
    private static final Script TOP = Script.load(Leaderboard.class, "date.lua", "top.lua");

    private final Redis redis;
    private final Keys keys;
    private final @Nullable DayRecord past;
    private final PythonBoards python;

    /**
     * @param past null for none: then there are only the days that Redis keeps
     * @param defaultTenant owner of the leaderboards in the original Python format
     */
    public Leaderboard(Redis redis, Keys keys, @Nullable DayRecord past, String defaultTenant) {
        this(redis, keys, past, new PythonBoards(redis, keys, defaultTenant));
    }

    Leaderboard(Redis redis, Keys keys, @Nullable DayRecord past, PythonBoards python) {
        this.python = python;
        this.redis = redis;
        this.keys = keys;
        this.past = past;
    }

    /**
     * Counts a resolved or failed conversation of an agent, for today.
     *
     * @param took not negative; counted in milliseconds, and only for a success
     * @param key a repeated one within 24 h, by the same agent, counts nothing; null: counts always
     * @return fails with {@code overloaded} when the tenant has {@value #MAX_AGENTS} other agents today
     */
    public Mono<Recorded> record(String tenant, String agent, Duration took, boolean success, @Nullable String key) {
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        return python.take(tenant, today, today, today)
                .then(RECORD.run(
                        redis,
                        new String[] {keys.leaderboard(tenant)},
                        Script.bytes(agent),
                        Script.bytes(success ? 1 : 0),
                        Script.bytes(took.toMillis()),
                        Script.bytes(key == null ? "" : key),
                        Script.bytes(KEYS_TTL.toMillis()),
                        Script.bytes(DAYS),
                        Script.bytes(MAX_AGENTS)))
                .map(Leaderboard::recorded);
    }

    private static Recorded recorded(List<Object> reply) {
        long outcome = (Long) reply.get(0);
        if (outcome < 0) {
            throw ParleyException.of(
                    ErrorCode.OVERLOADED,
                    "today has " + MAX_AGENTS
                            + " agents already and counts no more: pass names of agents, not of conversations");
        }
        return new Recorded(
                LocalDate.parse(Script.text(reply.get(1))), outcome == 0, number(reply.get(2)), number(reply.get(3)));
    }

    /**
     * The first places of a day, or of several taken together. PostgreSQL answers for days that Redis no longer has, and while Redis is
     * unavailable; today's figures may then be a minute old.
     *
     * @param last null for today
     * @param days from 1 to {@value #DAYS}, the last one included
     */
    public Mono<Board> top(String tenant, @Nullable LocalDate last, int days, int limit) {
        return Mono.defer(() -> {
            if (past == null) {
                return live(tenant, last, days, limit);
            }
            LocalDate today = LocalDate.now(ZoneOffset.UTC);
            LocalDate to = last == null ? today : last;
            LocalDate from = to.minusDays(days - 1);
            Mono<Board> recorded = past.top(tenant, from, to, limit)
                    .map(figures -> new Board(from, to, Standing.rank(figures, limit), true));
            return from.isBefore(today.minusDays(DAYS))
                    ? recorded
                    : live(tenant, last, days, limit)
                            .onErrorResume(e -> ParleyException.is(e, ErrorCode.UNAVAILABLE), e -> recorded);
        });
    }

    private Mono<Board> live(String tenant, @Nullable LocalDate last, int days, int limit) {
        return read(tenant, last, days, limit).map(reply -> {
            LocalDate to = LocalDate.parse(Script.text(reply.get(0)));
            return new Board(to.minusDays(days - 1), to, Standing.rank(figures(reply), limit), false);
        });
    }

    /** All figures of a day, of {@value #MAX_AGENTS} agents at most, in no order; none when it is too long ago. */
    public Mono<List<Figures>> day(String tenant, LocalDate date) {
        return read(tenant, date, 1, MAX_AGENTS).map(Leaderboard::figures);
    }

    private Mono<List<Object>> read(String tenant, @Nullable LocalDate last, int days, int limit) {
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        LocalDate to = last == null ? today : last;
        return python.take(tenant, to.minusDays(days - 1L), to, today)
                .then(TOP.run(
                        redis,
                        new String[] {keys.leaderboard(tenant)},
                        Script.bytes(last == null ? "today" : Long.toString(last.toEpochDay())),
                        Script.bytes(days),
                        Script.bytes(limit)));
    }

    private static List<Figures> figures(List<Object> reply) {
        List<Figures> all = new ArrayList<>();
        for (int i = 1; i < reply.size(); i += 4) {
            all.add(new Figures(
                    Script.text(reply.get(i)),
                    number(reply.get(i + 1)),
                    number(reply.get(i + 2)),
                    number(reply.get(i + 3))));
        }
        return all;
    }

    private static long number(Object element) {
        return Long.parseLong(Script.text(element));
    }
}
