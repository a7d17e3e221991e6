package dev.parley.leaderboard;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.support.LimitedLog;
import io.lettuce.core.ScoredValue;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Imports the leaderboards in the original Python format: {@code leaderboard:resolutions:<date>}, {@code …:total_time:<date>} and {@code
 * …:total_count:<date>}, which are on three slots and have no tenant. They become the default tenant's. The imported figures of each agent
 * are kept, so that only the difference is added, on whichever node. Python's keys stay as they are. Thread-safe; on Redis' event loop.
 */
final class PythonBoards {

    private static final Logger LOG = LoggerFactory.getLogger(PythonBoards.class);

    private static final Script IMPORT = Script.load(PythonBoards.class, "date.lua", "import.lua");
    /** Interval for a day that can still change; any other day is imported once. */
    private static final Duration EVERY = Duration.ofMinutes(1);

    /** The longest wait for a master that has only Python's leaderboards. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private static final int DAYS_AT_ONCE = 8;

    private final Redis redis;
    private final Keys keys;
    private final String tenant;
    private final Duration every;
    private final Map<LocalDate, Long> looked = new ConcurrentHashMap<>();
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofMinutes(10));

    PythonBoards(Redis redis, Keys keys, String tenant) {
        this(redis, keys, tenant, EVERY);
    }

    /** @param every interval for a day that can still change */
    PythonBoards(Redis redis, Keys keys, String tenant, Duration every) {
        this.redis = redis;
        this.keys = keys;
        this.tenant = tenant;
        this.every = every;
    }

    /** Imports some days, both included, if the tenant is the default one and they were not imported just now. */
    Mono<Void> take(String whose, LocalDate from, LocalDate to, LocalDate today) {
        if (!whose.equals(tenant)) {
            return Mono.empty();
        }
        return Mono.defer(() -> {
            looked.keySet().removeIf(day -> day.isBefore(today.minusDays(Leaderboard.DAYS)));
            List<LocalDate> due = from.datesUntil(to.plusDays(1))
                    .filter(day -> !day.isAfter(today.plusDays(1))
                            && !day.isBefore(today.minusDays(Leaderboard.DAYS))
                            && isDue(day, today))
                    .toList();
            return Flux.fromIterable(due).flatMap(this::take, DAYS_AT_ONCE).then();
        });
    }

    private boolean isDue(LocalDate day, LocalDate today) {
        Long last = looked.get(day);
        return last == null || (!day.isBefore(today.minusDays(1)) && System.nanoTime() - last >= every.toNanos());
    }

    private Mono<Void> take(LocalDate day) {
        String date = day.toString();
        long now = System.nanoTime();
        return Mono.zip(scores("resolutions", date), scores("total_time", date), scores("total_count", date))
                .flatMap(boards -> {
                    List<byte[]> arguments = arguments(day, boards.getT1(), boards.getT2(), boards.getT3());
                    return arguments.size() == FIXED
                            ? Mono.empty()
                            : IMPORT.run(
                                            redis,
                                            new String[] {keys.leaderboard(tenant)},
                                            arguments.toArray(byte[][]::new))
                                    .doOnNext(reply ->
                                            LOG.debug("The Python leaderboard of {} was imported: {}", date, reply));
                })
                .then()
                .timeout(
                        PATIENCE,
                        Mono.error(() -> ParleyException.of(ErrorCode.UNAVAILABLE, "they were not read in time")))
                .doOnSuccess(done -> looked.put(day, now))
                // What was not read is added the next time.
                .onErrorResume(e -> ParleyException.is(e, ErrorCode.UNAVAILABLE), e -> {
                    limited.warn("Leaderboards of Python can't be read yet", date, e.getMessage());
                    return Mono.empty();
                });
    }

    private Mono<Map<String, Double>> scores(String what, String date) {
        String key = keys.plainLeaderboard(what, date);
        return redis.call(key, commands -> commands.zrevrangeWithScores(key, 0, Leaderboard.MAX_AGENTS - 1L))
                .collectMap(one -> Script.text(one.getValue()), ScoredValue::getScore);
    }

    private static final int FIXED = 3;

    private List<byte[]> arguments(
            LocalDate day, Map<String, Double> resolutions, Map<String, Double> time, Map<String, Double> count) {
        List<byte[]> all = new ArrayList<>(List.of(
                Script.bytes(day.toEpochDay()), Script.bytes(Leaderboard.DAYS), Script.bytes(Leaderboard.MAX_AGENTS)));
        count.forEach((agent, handled) -> {
            if (!Ids.valid(agent)) {
                limited.warn(
                        "A Python leaderboard names an agent that is not taken over: a name", day.toString(), Ids.RULE);
                return;
            }
            all.add(Script.bytes(agent));
            all.add(Script.bytes(Math.round(resolutions.getOrDefault(agent, 0.0))));
            all.add(Script.bytes(Math.round(time.getOrDefault(agent, 0.0) * 1_000)));
            all.add(Script.bytes(Math.round(handled)));
        });
        return all;
    }
}
