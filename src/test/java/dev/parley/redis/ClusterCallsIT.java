package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.support.Patience;
import io.lettuce.core.cluster.SlotHash;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Calls go where their keys are, also the first one after those have moved. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterCallsIT {

    private final TestCluster cluster = TestCluster.start();
    private final Redis redis = cluster.connect();

    @AfterAll
    void close() {
        redis.close().block(Patience.ofSeconds(10));
        cluster.close();
    }

    private void assertWrites(String key) {
        assertThat(redis.callOne(key, commands -> commands.set(key, "value".getBytes(StandardCharsets.UTF_8)))
                        .block(Patience.ofSeconds(10)))
                .isEqualTo("OK");
    }

    @Test
    void theFirstCallAfterAMasterAndItsReplicaHaveChangedPlacesIsTakenByTheNewMaster() {
        String key = Ids.random();
        assertWrites(key);
        cluster.changePlaces(key);
        assertWrites(key);
    }

    @Test
    void theFirstCallsOfANewConnectionPassOnEveryMaster() {
        for (int i = 0; i < 20; i++) {
            Redis fresh = cluster.connect();
            try {
                for (int slot : fresh.masters().values()) {
                    String key = "{" + Probes.tag(slot) + "}" + i;
                    assertThat(SlotHash.getSlot(key)).isEqualTo(slot);
                    assertThat(fresh.callOne(key, commands -> commands.exists(key))
                                    .block(Patience.ofSeconds(10)))
                            .isZero();
                }
            } finally {
                fresh.close().block(Patience.ofSeconds(10));
            }
        }
    }
}
