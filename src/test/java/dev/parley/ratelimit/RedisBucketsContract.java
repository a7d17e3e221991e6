package dev.parley.ratelimit;

import static dev.parley.ratelimit.LimitTesting.get;
import static dev.parley.ratelimit.LimitTesting.limit;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ratelimit.Buckets.Receipt;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.support.Await;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** What buckets in Redis do beside, on whatever topology: here time goes by Redis' own clock. */
interface RedisBucketsContract extends BucketsContract {

    Redis redis();

    /** To look into Redis. */
    RedisClusterCommands<String, String> commands();

    @Override
    default Buckets buckets() {
        return new RedisBuckets(redis(), Keys.DEFAULT);
    }

    @Test
    default void whatWasRefusedIsTakenWhenItSaidSo() {
        Limit limit = limit(10, Duration.ofSeconds(1), 2);
        LimitKey owner = BucketsContract.owner();
        assertThat(get(buckets().take(limit, owner, 2, null)).remaining()).isZero();
        LimitDecision refused = get(buckets().take(limit, owner, 2, null));
        assertThat(refused.allowed()).isFalse();
        assertThat(refused.retryMs()).isBetween(1L, 200L);
        LimitDecision later = get(
                Mono.delay(Duration.ofMillis(refused.retryMs())).then(buckets().take(limit, owner, 2, null)));
        assertThat(later.allowed()).isTrue();
    }

    @Test
    default void whatHasDrainedMeanwhileIsNotGivenBackAgain() {
        Limit limit = limit(1_000, Duration.ofSeconds(1), 100);
        LimitKey owner = BucketsContract.owner();
        assertThat(get(buckets().take(limit, owner, 100, new Receipt("r", true)))
                        .allowed())
                .isTrue();
        Limit slow = limit(1, Duration.ofHours(1), 100);
        SettleResult settled = get(Mono.delay(Duration.ofMillis(150))
                .then(buckets().take(limit, owner, 90, null))
                // The rate is the caller's; at this one nothing drains any more.
                .then(buckets().take(slow, owner, 1, null))
                .then(buckets().settle(slow, owner, "r", 10)));
        assertThat(settled.returned()).isEqualTo(90);
        assertThat(settled.taken().remaining()).isLessThan(50);
    }

    @Test
    default void whatIsFullAgainLeavesNothingBehind() {
        Limit limit = limit(1_000, Duration.ofSeconds(1), 100);
        LimitKey owner = BucketsContract.owner();
        String key = "ratelimit:tested:{t:" + owner.subject() + "}";
        assertThat(get(buckets().take(limit, owner, 100, null)).allowed()).isTrue();
        assertThat(commands().pttl(key)).isBetween(1L, 101L);
        Await.until("it has drained", () -> commands().exists(key) == 0);
    }

    @Test
    default void aReceiptIsKeptForAnHourOrUntilAllHasDrained() {
        LimitKey owner = BucketsContract.owner();
        String bucket = "ratelimit:tested:{t:" + owner.subject() + "}";
        Limit fast = limit(1_000, Duration.ofSeconds(1), 100);
        assertThat(get(buckets().take(fast, owner, 1, new Receipt("fast", true)))
                        .allowed())
                .isTrue();
        assertThat(get(buckets().take(TOKENS, owner, 1, new Receipt("slow", true)))
                        .allowed())
                .isTrue();
        assertThat(get(buckets().settle(fast, owner, "fast", 1)).returned()).isZero();
        assertThat(commands().pttl(bucket + ":fast")).isBetween(3_500_000L, 3_600_000L);
        assertThat(Duration.ofMillis(commands().pttl(bucket + ":slow") + 60_000).toDays())
                .isEqualTo(15);
    }
}
