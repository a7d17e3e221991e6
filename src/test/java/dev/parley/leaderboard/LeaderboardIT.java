package dev.parley.leaderboard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.redis.Guard;
import dev.parley.redis.Keys;
import dev.parley.redis.OnRedis;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.redis.TestRedis;
import java.time.Duration;
import java.time.LocalDate;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Leaderboards on a standalone server. */
class LeaderboardIT extends OnRedis implements LeaderboardContract {

    /** Every command goes through it, script or not. */
    private static final class Calls implements Guard {

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
        Redis counted = new Redis(RedisTopology.parse(TestRedis.uri()), RedisSettings.defaults("counted"), calls);
        counted.open();
        counted.reached().block(Duration.ofSeconds(10));
        Leaderboard board = new Leaderboard(counted, Keys.DEFAULT, null);

        assertThat(LeaderboardContract.get(board.top(tenant, day, 30, 10)).standings())
                .hasSize(1);
        assertThat(calls.since()).isEqualTo(1);
        assertThat(LeaderboardContract.get(board.record(tenant, "a", Duration.ofSeconds(1), true, null))
                        .date())
                .isAfterOrEqualTo(day);
        assertThat(calls.since()).isEqualTo(1);
        counted.close().block(Duration.ofSeconds(10));
    }
}
