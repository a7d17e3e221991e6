package dev.parley.leaderboard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.redis.OnRedis;
import dev.parley.redis.TestRedis;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;

/** Leaderboards on a standalone server. */
class LeaderboardIT extends OnRedis implements LeaderboardContract {

    @Test
    void whateverIsAskedForIsOneRoundTrip() {
        String tenant = LeaderboardContract.tenant();
        LocalDate day = record(tenant, "a", 1_000, true).date();
        assertThat(top(tenant, day, 30, 10)).hasSize(1);
        long before = asked();
        assertThat(top(tenant, day, 30, 10)).hasSize(1);
        assertThat(asked() - before).isEqualTo(1);
        record(tenant, "a", 1_000, true);
        assertThat(asked() - before).isEqualTo(2);
    }

    /** How often the tests' Redis was asked anything by a gateway's shared connection: scripts, and nothing else here. */
    private static long asked() {
        return TestRedis.commands()
                .info("commandstats")
                .lines()
                .filter(line -> line.startsWith("cmdstat_eval"))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf('=') + 1, line.indexOf(','))))
                .sum();
    }
}
