package dev.parley.leaderboard;

import dev.parley.archive.ArchiveSource;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Copies a changed day as a whole, after a minute at most; several changes are one copy. Cold. */
public final class DayArchive implements ArchiveSource {

    private static final int AT_ONCE = 8;
    private static final Duration LOOK_EVERY = Duration.ofMinutes(1);
    private static final Pattern DIRTY = Pattern.compile(".*\\{(?<tenant>.*)}:(?<date>[0-9-]+):dirty", Pattern.DOTALL);

    private final Redis redis;
    private final Keys keys;
    private final Leaderboard live;
    private final DayRecord days;

    public DayArchive(Redis redis, Keys keys, Leaderboard live, DayRecord days) {
        this.redis = redis;
        this.keys = keys;
        this.live = live;
        this.days = days;
    }

    @Override
    public Duration lookEvery() {
        return LOOK_EVERY;
    }

    @Override
    public String keys() {
        return keys.leaderboard("*") + ":*:dirty";
    }

    /** A day's name is its date and its tenant. */
    @Override
    public Mono<String> unarchived(String key) {
        return Mono.fromSupplier(() -> DIRTY.matcher(key))
                .filter(Matcher::matches)
                .map(day -> day.group("date") + " " + day.group("tenant"));
    }

    /** Copies one after the other, because there are few. */
    @Override
    public Mono<List<String>> archive(List<String> names) {
        return Flux.fromIterable(names).flatMap(this::archive, AT_ONCE).then(Mono.just(List.of()));
    }

    private Mono<Void> archive(String name) {
        int space = name.indexOf(' ');
        LocalDate date = LocalDate.parse(name.substring(0, space));
        String tenant = name.substring(space + 1);
        String dirty = keys.leaderboard(tenant) + ":" + date + ":dirty";
        // First: a later change marks the day again, and a crash leaves the mark.
        return redis.callOne(dirty, commands -> commands.del(dirty))
                .then(live.day(tenant, date))
                .flatMap(figures -> days.put(tenant, date, figures))
                .then();
    }
}
