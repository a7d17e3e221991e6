package dev.parley.llmcache.semantic;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.support.NamedValues;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Mono;

/**
 * Counts served and wrong answers per tenant and category, on all nodes. When too many are wrong, the threshold goes up by a step: half of
 * the rest to 1. {@link #LOOSENED} without a wrong answer undoes all steps.
 *
 * <p>Served answers are counted here, and written with the next look-up of that tenant and category; a node that ends loses the last few.
 */
final class Quality {

    static final Duration LOOSENED = Duration.ofDays(30);

    /** From here on nothing is near enough. */
    private static final int MOST_STEPS = 6;

    private static final double NEVER = 2;

    /** Tenants and categories whose served answers wait to be counted. */
    private static final int MOST_WAITING = 10_000;

    private static final Script QUALITY = Script.load(Quality.class, "quality.lua");

    /** Answers that the bound counts with, though fewer were served. */
    private static final int FEWEST = 100;
    /** How long a served answer counts. */
    private static final Duration WINDOW = Duration.ofHours(24);

    private final Redis redis;
    private final Keys keys;
    private final SemanticSettings settings;
    private final Map<String, Double> thresholds;
    private final Map<String, Long> served = new ConcurrentHashMap<>();

    Quality(Redis redis, Keys keys, SemanticSettings settings) {
        this.redis = redis;
        this.keys = keys;
        this.settings = settings;
        this.thresholds = NamedValues.of(settings.thresholds().orElseGet(List::of), Double::valueOf);
    }

    /** The least cosine now. More than 1: there is none. */
    Mono<Double> threshold(String tenant, String category) {
        return steps(tenant, category).map(steps -> threshold(category, steps));
    }

    /** How often the threshold has been tightened. */
    Mono<Long> steps(String tenant, String category) {
        return count(tenant, category, 0);
    }

    /** The least cosine of a category after so many tightenings. More than 1: there is none. */
    double threshold(String category, long steps) {
        return tightened(thresholds.getOrDefault(category, settings.threshold()), steps);
    }

    static double tightened(double threshold, long steps) {
        return steps >= MOST_STEPS ? NEVER : 1 - (1 - threshold) / (1L << steps);
    }

    /** An answer has been served. */
    void served(String tenant, String category) {
        add(keys.semanticQuality(tenant, category), 1);
    }

    private void add(String key, long count) {
        if (count > 0 && (served.size() < MOST_WAITING || served.containsKey(key))) {
            served.merge(key, count, Long::sum);
        }
    }

    /** An answer was wrong. Emits how often the threshold has been tightened. */
    Mono<Long> wrong(String tenant, String category) {
        return count(tenant, category, 1);
    }

    private Mono<Long> count(String tenant, String category, long wrong) {
        return Mono.defer(() -> {
            String key = keys.semanticQuality(tenant, category);
            Long counted = served.remove(key);
            long count = counted == null ? 0 : counted;
            return count(key, count, wrong).doOnError(e -> add(key, count));
        });
    }

    private Mono<Long> count(String key, long served, long wrong) {
        return QUALITY.run(
                        redis,
                        new String[] {key},
                        Script.bytes(served),
                        Script.bytes(wrong),
                        Script.bytes(Double.toString(settings.errorBound())),
                        Script.bytes(FEWEST),
                        Script.bytes(WINDOW.toMillis()),
                        Script.bytes(LOOSENED.toMillis()))
                .map(reply -> (Long) reply.get(0));
    }
}
