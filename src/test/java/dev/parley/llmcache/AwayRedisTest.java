package dev.parley.llmcache;

import static dev.parley.llmcache.CacheTesting.asked;
import static dev.parley.llmcache.CacheTesting.completion;
import static dev.parley.llmcache.CacheTesting.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** A Redis that was never reached. */
final class AwayRedisTest {

    private static final Terms PATIENT = new Terms(Duration.ofSeconds(5), Duration.ofSeconds(5), null);

    private final Redis redis = new Redis(RedisTopology.parse("redis://127.0.0.1:1"), RedisSettings.defaults("test"));
    private final LlmCache cache = new LlmCache(redis, Keys.DEFAULT, CacheSettings.DEFAULT);

    @AfterEach
    void close() {
        redis.close().block(Duration.ofSeconds(10));
    }

    @Test
    void aLookUpIsAMissWithinAMillisecond() {
        Question question = asked("t", "hours?");
        for (int i = 0; i < 1_000; i++) {
            get(cache.lookup(question, Terms.NOW));
        }
        long began = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
            assertThat(((Answer.Miss) get(cache.lookup(question, Terms.NOW))).reason())
                    .isEqualTo(Reason.UNAVAILABLE);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void aPutIsDroppedAndCounted() {
        assertThat(get(cache.put(asked("t", "x"), Reply.of(completion("y")), null))
                        .reason())
                .isEqualTo(Reason.UNAVAILABLE);
        assertThat(cache.dropped()).isEqualTo(1);
        assertThat(get(cache.explain(asked("t", "x"))).kept()).isNull();
    }

    @Test
    void oneOfThisNodeComputesAndTheOthersGetItsAnswer() {
        Question question = asked("t", "x");
        Lead lead = Objects.requireNonNull(get(cache.lookup(question, PATIENT)).lead());
        Mono<Answer> other = cache.lookup(question, PATIENT).cache();
        var waiting = other.subscribe();
        assertThat(cache.waiting()).isEqualTo(1);
        assertThat(get(cache.put(question, Reply.of(completion("y")), lead.token()))
                        .reason())
                .isEqualTo(Reason.UNAVAILABLE);
        assertThat(get(other))
                .isInstanceOfSatisfying(
                        Answer.Hit.class, hit -> assertThat(hit.kind()).isEqualTo(Answer.Kind.JOINED));
        assertThat(waiting.isDisposed()).isTrue();
        assertThat(cache.waiting()).isZero();
        assertThat(get(cache.lookup(question, PATIENT)).lead()).isNotNull();
    }

    @Test
    void whatWasGivenUpIsTakenOver() {
        Question question = asked("t", "x");
        Answer first = get(cache.lookup(question, PATIENT));
        Mono<Answer> other = cache.lookup(question, PATIENT).cache();
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
        Answer slow = get(cache.lookup(question, PATIENT));
        Lead lead = Objects.requireNonNull(slow.lead());
        assertThat(get(cache.renew(slow.key(), lead))).isTrue();
        assertThat(get(cache.renew(slow.key(), new Lead(lead.token() + "x", lead.millis()))))
                .isFalse();
        assertThat(get(cache.abandon(slow.key(), lead.token()))).isTrue();
        assertThat(get(cache.renew(slow.key(), lead))).isFalse();
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
