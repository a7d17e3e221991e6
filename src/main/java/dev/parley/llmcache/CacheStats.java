package dev.parley.llmcache;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Counters of the cache per tenant and hour. They are gathered in memory and added to Redis every {@link #EVERY}, with one call per tenant
 * and hour that has changed. Counts that can't be written wait, {@value #MOST} at most; further ones are lost. Thread-safe.
 */
final class CacheStats implements Disposable {

    static final Duration EVERY = Duration.ofSeconds(1);

    /** Time that an hour's counters are kept. */
    static final Duration TTL = Duration.ofDays(31);

    private static final int MOST = 100_000;
    private static final int TENANTS_AT_ONCE = 16;

    private static final Script TALLY = Script.load(CacheStats.class, "tally.lua");
    private static final Script TALLIES = Script.load(CacheStats.class, "tallies.lua");

    /** A set of counters; hour 0 of the tenant "" has those in the original Python format. */
    private record Page(String tenant, long hour) {}

    private static final Page SEED = new Page("", 0);

    private final Redis redis;
    private final Keys keys;
    private final @Nullable String seedTenant;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder stored = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Disposable.Swap writing = Disposables.swap();
    private Map<Page, Map<String, Long>> pages = new HashMap<>();
    private int counts;

    CacheStats(Redis redis, Keys keys, @Nullable String seedTenant) {
        this.redis = redis;
        this.keys = keys;
        this.seedTenant = seedTenant;
    }

    /** Begins to write. */
    void open() {
        writing.update(Flux.interval(EVERY)
                .onBackpressureDrop()
                .concatMap(tick -> flush().onErrorComplete(), 1)
                .subscribe());
    }

    @Override
    public void dispose() {
        writing.dispose();
    }

    void looked(CacheAnswer answer) {
        String tenant = answer.key().tenant();
        if (answer instanceof CacheAnswer.Hit hit) {
            hits.increment();
            count(
                    tenant,
                    Map.of(
                            "hit:" + hit.kind().name().toLowerCase(Locale.ROOT),
                            1L,
                            "saved_ms",
                            hit.entry().tookMillis(),
                            "saved_micros",
                            hit.entry().costMicros()));
        } else if (answer instanceof CacheAnswer.Live) {
            hits.increment();
            count(tenant, Map.of("hit:joined", 1L));
        } else {
            misses.increment();
            Reason reason = answer instanceof CacheAnswer.Miss miss ? miss.reason() : Reason.IN_FLIGHT;
            count(tenant, Map.of("miss:" + reason.wire(), 1L));
        }
        if (tenant.equals(seedTenant)) {
            add(
                    SEED,
                    Map.of(
                            answer instanceof CacheAnswer.Hit || answer instanceof CacheAnswer.Live ? "hits" : "misses",
                            1L));
        }
    }

    /** Counts what a hit has saved, if that is known only after {@link #looked}. */
    void saved(CacheKey key, long millis, long micros) {
        count(key.tenant(), Map.of("saved_ms", millis, "saved_micros", micros));
    }

    void put(StoreResult put) {
        Reason reason = put.reason();
        if (reason == null) {
            stored.increment();
            count(put.key().tenant(), Map.of("stored", 1L));
        } else {
            (reason == Reason.UNAVAILABLE ? dropped : refused).increment();
            count(put.key().tenant(), Map.of("refused:" + reason.wire(), 1L));
        }
    }

    private void count(String tenant, Map<String, Long> more) {
        add(new Page(tenant, hour()), more);
    }

    private static long hour() {
        return TimeUnit.SECONDS.toHours(Instant.now().getEpochSecond());
    }

    private synchronized void add(Page page, Map<String, Long> more) {
        Map<String, Long> fields = pages.computeIfAbsent(page, name -> new HashMap<>());
        more.forEach((field, value) -> {
            if (value != 0 && (fields.containsKey(field) || counts < MOST)) {
                counts += fields.merge(field, value, Long::sum).equals(value) ? 1 : 0;
            }
        });
    }

    private synchronized Map<Page, Map<String, Long>> take() {
        Map<Page, Map<String, Long>> taken = pages;
        pages = new HashMap<>();
        counts = 0;
        return taken;
    }

    /** Writes the present counts; those that fail wait for the next time. */
    Mono<Void> flush() {
        return Flux.defer(() -> Flux.fromIterable(take().entrySet()))
                .flatMap(page -> write(page.getKey(), page.getValue()), TENANTS_AT_ONCE)
                .then();
    }

    private Mono<Void> write(Page page, Map<String, Long> fields) {
        if (fields.isEmpty()) {
            return Mono.empty();
        }
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(Script.bytes(page.equals(SEED) ? 0 : TTL.toMillis()));
        fields.forEach((field, value) -> {
            arguments.add(Script.bytes(field));
            arguments.add(Script.bytes(value));
        });
        return TALLY.run(redis, new String[] {keyOf(page)}, arguments.toArray(byte[][]::new))
                .timeout(FallbackFlights.PATIENCE, FallbackFlights.late())
                .doOnError(FallbackFlights::tell)
                .doOnError(e -> add(page, fields))
                .onErrorComplete()
                .then();
    }

    private String keyOf(Page page) {
        return page.equals(SEED) ? keys.cacheStatsOfSeed() : keys.cacheStats(page.tenant, page.hour);
    }

    /**
     * The counters of a tenant on all nodes, the latest hour first, including this node's unwritten ones.
     *
     * @param hours including the present one
     * @return fails as {@link Redis} says
     */
    Mono<List<HourlyFigures>> read(String tenant, int hours) {
        return flush().then(Mono.defer(() -> {
            long now = hour();
            String[] names = new String[hours];
            for (int i = 0; i < hours; i++) {
                names[i] = keys.cacheStats(tenant, now - i);
            }
            return TALLIES.run(redis, names).map(reply -> figures(now, reply));
        }));
    }

    private static List<HourlyFigures> figures(long now, List<Object> reply) {
        List<HourlyFigures> all = new ArrayList<>();
        for (int i = 0; i < reply.size(); i++) {
            List<Object> hash = Script.list(reply.get(i));
            Map<String, Long> counts = new HashMap<>();
            for (int j = 0; j < hash.size(); j += 2) {
                counts.put(Script.text(hash.get(j)), Long.valueOf(Script.text(hash.get(j + 1))));
            }
            if (!counts.isEmpty()) {
                all.add(new HourlyFigures(Instant.ofEpochSecond(TimeUnit.HOURS.toSeconds(now - i)), counts));
            }
        }
        return all;
    }

    long hits() {
        return hits.sum();
    }

    long misses() {
        return misses.sum();
    }

    long stored() {
        return stored.sum();
    }

    long refused() {
        return refused.sum();
    }

    long dropped() {
        return dropped.sum();
    }
}
