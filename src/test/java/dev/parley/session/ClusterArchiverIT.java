package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.redis.TestCluster;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import reactor.core.Disposable;

/** The archive on a cluster of three masters: a mark is seldom on the slot of its session. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClusterArchiverIT extends ArchiverContract {

    private static final TestCluster CLUSTER = TestCluster.start();

    ClusterArchiverIT() {
        super(CLUSTER);
    }

    /** The scan that comes by itself is minutes away. Comes last: a server is dead from then on. */
    @Test
    @Order(Integer.MAX_VALUE)
    void whatAMasterThatWasAwayLeftUnmarkedIsFoundWhenItsReplicaStandsIn() {
        while (CLUSTER.masterOf(keys.session(c)) == CLUSTER.masterOf(keys.dirty())) {
            c = Ids.random();
        }
        try (GatedRedis gated = GatedRedis.connect(CLUSTER.uri(), "cut-" + Ids.random())) {
            Disposable archiving = archiver(gated.redis(), "one").run().subscribe();
            get(sessions().create(AGENT, c, null, Map.of(), null));
            awaitArchived();
            assertThat(commands().hincrby(keys.session(c), "version", 1)).isPositive();

            CLUSTER.failOver(keys.dirty());
            awaitFound();
            archiving.dispose();
        }
    }
}
