package dev.parley.llmcache;

import static dev.parley.llmcache.CacheTesting.asked;
import static dev.parley.llmcache.CacheTesting.completion;
import static dev.parley.llmcache.CacheTesting.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** A Redis that was never reached. */
final class AwayRedisTest {

    private static final LookupOptions PATIENT = new LookupOptions(Duration.ofSeconds(5), Duration.ofSeconds(5), null);

    private final Redis redis =
            new Redis(RedisTopology.parse("redis://127.0.0.1:1"), "test", TestSettings.of(RedisSettings.class));
    private final LlmCache cache = new LlmCache(redis, Keys.DEFAULT, TestSettings.of(CacheSettings.class));

    @AfterEach
    void close() {
        redis.close().block(Patience.ofSeconds(10));
    }

    @Test
    void aLookUpIsAMissWithinAMillisecond() {
        Question question = asked("t", "hours?");
        for (int i = 0; i < 1_000; i++) {
            get(cache.lookup(question, LookupOptions.NOW));
        }
        long began = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
            assertThat(((CacheAnswer.Miss) get(cache.lookup(question, LookupOptions.NOW))).reason())
                    .isEqualTo(Reason.UNAVAILABLE);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Patience.ofSeconds(1));
    }

    @Test
    void whatIsLongIsReadOnTheParallelScheduler() {
        List<String> threads = new CopyOnWriteArrayList<>();
        PersonalData noting = text -> {
            threads.add(Thread.currentThread().getName());
            return List.of();
        };
        LlmCache reading =
                new LlmCache(redis, Keys.DEFAULT, TestSettings.of(CacheSettings.class), noting, null, Set.of());
        String here = Thread.currentThread().getName();
        get(reading.lookup(asked("t", "short"), LookupOptions.NOW));
        get(reading.put(asked("t", "short"), ModelReply.of(completion("short")), null));
        assertThat(threads).isNotEmpty().containsOnly(here);
        threads.clear();
        for (String text : List.of("long ".repeat(1_000), "1 ".repeat(101))) {
            get(reading.lookup(asked("t", text), LookupOptions.NOW));
            get(reading.explain(asked("t", text)));
            get(reading.put(asked("t", "short"), ModelReply.of(completion(text)), null));
        }
        assertThat(threads).isNotEmpty().allMatch(name -> name.startsWith("parallel-"));
    }

    @Test
    void aPutIsDroppedAndCounted() {
        assertThat(get(cache.put(asked("t", "x"), ModelReply.of(completion("y")), null))
                        .reason())
                .isEqualTo(Reason.UNAVAILABLE);
        assertThat(cache.dropped()).isEqualTo(1);
        assertThat(get(cache.explain(asked("t", "x"))).kept()).isNull();
    }

    @Test
    void oneOfThisNodeComputesAndTheOthersGetItsAnswer() {
        Question question = asked("t", "x");
        ComputeLease lead =
                Objects.requireNonNull(get(cache.lookup(question, PATIENT)).lead());
        Mono<CacheAnswer> other = cache.lookup(question, PATIENT).cache();
        var waiting = other.subscribe();
        assertThat(cache.waiting()).isEqualTo(1);
        assertThat(get(cache.put(question, ModelReply.of(completion("y")), lead.token()))
                        .reason())
                .isEqualTo(Reason.UNAVAILABLE);
        assertThat(get(other))
                .isInstanceOfSatisfying(
                        CacheAnswer.Hit.class, hit -> assertThat(hit.kind()).isEqualTo(CacheAnswer.Kind.JOINED));
        assertThat(waiting.isDisposed()).isTrue();
        assertThat(cache.waiting()).isZero();
        assertThat(get(cache.lookup(question, PATIENT)).lead()).isNotNull();
    }

    @Test
    void whatWasGivenUpIsTakenOver() {
        Question question = asked("t", "x");
        CacheAnswer first = get(cache.lookup(question, PATIENT));
        Mono<CacheAnswer> other = cache.lookup(question, PATIENT).cache();
        var waiting = other.subscribe();
        assertThat(get(cache.abandon(
                        first.key(), Objects.requireNonNull(first.lead()).token())))
                .isTrue();
        assertThat(get(other).lead()).isNotNull();
        assertThat(waiting.isDisposed()).isTrue();
    }

    @Test
    void whoSaysThatItTakesLongerIsWaitedFor() {
        Question question = asked("t", "x");
        CacheAnswer slow = get(cache.lookup(question, PATIENT));
        ComputeLease lead = Objects.requireNonNull(slow.lead());
        assertThat(get(cache.renew(slow.key(), lead)).ours()).isTrue();
        assertThat(get(cache.renew(slow.key(), new ComputeLease(lead.token() + "x", lead.millis())))
                        .ours())
                .isFalse();
        assertThat(get(cache.abandon(slow.key(), lead.token()))).isTrue();
        assertThat(get(cache.renew(slow.key(), lead)).ours()).isFalse();
    }

    @Test
    void whoLeavesIsNotWaitedFor() {
        Question question = asked("t", "x");
        get(cache.lookup(question, PATIENT));
        var waiting = cache.lookup(question, PATIENT).subscribe();
        assertThat(cache.waiting()).isEqualTo(1);
        waiting.dispose();
        assertThat(cache.waiting()).isZero();
    }
}
