package dev.parley.llmcache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.TestRedis;
import dev.parley.support.Patience;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Which index it is depends on what the server has. */
class ServerIndexIT {

    @Test
    void vectorSetsWhereTheServerHasThem() {
        try (Redis8 server = Redis8.start()) {
            Redis redis = server.connect();
            Partition partition = added(redis);
            assertThat(server.commands().exists(Keys.DEFAULT.semantic(partition.digest(), "vectors")))
                    .isEqualTo(1);
            redis.close().block(Patience.ofSeconds(10));
        }
    }

    @Test
    void elseBoundedPartitions() {
        Redis redis = TestRedis.connect();
        Partition partition = added(redis);
        assertThat(TestRedis.commands().exists(Keys.DEFAULT.semantic(partition.digest(), "added")))
                .isEqualTo(1);
        redis.close().block(Patience.ofSeconds(10));
    }

    private static Partition added(Redis redis) {
        ServerIndex index = new ServerIndex(redis, Keys.DEFAULT);
        Partition partition = IndexContract.partition();
        Asked asked = Asked.of("what?");
        index.add(partition, asked, IndexContract.at(1), "k", Duration.ofMinutes(1))
                .block(Patience.ofSeconds(10));
        assertThat(index.nearest(partition, asked, IndexContract.at(1), 5).block(Patience.ofSeconds(10)))
                .hasSize(1);
        index.dispose();
        return partition;
    }
}
