package dev.parley.leaderboard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.redis.CallInterceptor;
import dev.parley.redis.Keys;
import dev.parley.redis.OnRedis;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.redis.TestRedis;
import dev.parley.support.Patience;
import java.time.Duration;
import java.time.LocalDate;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Leaderboards on a standalone server. */
class LeaderboardIT extends OnRedis implements LeaderboardContract {

    /** Every command goes through it, script or not. */
    private static final class Calls implements CallInterceptor {

        private final AtomicInteger count = new AtomicInteger();

        @Override
        public <T> Publisher<T> around(String master, Publisher<T> call) {
            return Flux.from(call).doOnSubscribe(asked -> count.incrementAndGet());
        }

        int since() {
            return count.getAndSet(0);
        }
    }

    @Test
    void whateverIsAskedForIsOneRoundTrip() {
        String tenant = LeaderboardContract.tenant();
        LocalDate day = record(tenant, "a", 1_000, true).date();
        assertThat(top(tenant, day, 30, 10)).as("the scripts are known").hasSize(1);
        Calls calls = new Calls();
        Redis counted =
                new Redis(RedisTopology.parse(TestRedis.uri()), "counted", TestSettings.of(RedisSettings.class), calls);
        counted.open();
        counted.reached().block(Patience.ofSeconds(10));
        Leaderboard board = new Leaderboard(counted, Keys.DEFAULT, null, "default");

        assertThat(LeaderboardContract.get(board.top(tenant, day, 30, 10)).standings())
                .hasSize(1);
        assertThat(calls.since()).isEqualTo(1);
        assertThat(LeaderboardContract.get(board.record(tenant, "a", Duration.ofSeconds(1), true, null))
                        .date())
                .isAfterOrEqualTo(day);
        assertThat(calls.since()).isEqualTo(1);
        counted.close().block(Patience.ofSeconds(10));
    }
}
