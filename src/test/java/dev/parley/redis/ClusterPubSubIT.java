package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.RedisException;
import io.lettuce.core.cluster.SlotHash;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Subscriptions stay where their slots are, wherever those go. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterPubSubIT {

    private final TestCluster cluster = TestCluster.start();
    private final Redis redis = cluster.connect();
    private final PubSub live = redis.pubSub();
    private final PubSub broadcasts = redis.broadcasts();

    /** Counts what it hears. */
    private static final class Ear implements LiveChannels.Listener {
        private final AtomicInteger acknowledged = new AtomicInteger();
        private final Map<String, Integer> heard = new ConcurrentHashMap<>();

        @Override
        public void message(String channel, byte[] message) {
            heard.merge(new String(message, StandardCharsets.UTF_8), 1, Integer::sum);
        }

        @Override
        public void acknowledged() {
            acknowledged.incrementAndGet();
        }
    }

    @AfterEach
    void nothingWasReplaced() {
        assertThat(live.replacements()).isZero();
    }

    @AfterAll
    void close() {
        live.close().then(broadcasts.close()).then(redis.close()).block(Patience.ofSeconds(10));
        cluster.close();
    }

    private Ear listen(String channel) {
        Ear ear = new Ear();
        live.subscribe(channel, ear).block(Patience.ofSeconds(10));
        return ear;
    }

    private void say(String channel, String message) {
        assertThat(cluster.commands().spublish(channel, message)).isNotNegative();
    }

    /** The tests' own client may not know yet who the new master is. */
    private static void soon(Runnable publish) {
        try {
            publish.run();
        } catch (RedisException e) {
            // It is tried again until it is heard.
        }
    }

    private static String channel() {
        return "live:conv:{" + Ids.random() + "}";
    }

    @Test
    void aChannelWhoseSlotMovesIsHeardAtItsNewMaster() {
        String channel = channel();
        Ear ear = listen(channel);
        say(channel, "before");
        Await.until("it is heard", () -> ear.heard.containsKey("before"));
        EmbeddedRedis from = cluster.masterOf(channel);
        EmbeddedRedis to = cluster.masterOf(otherMastersKey(from));
        cluster.move(channel, to);
        Await.until("it is subscribed to again", () -> ear.acknowledged.get() > 1);
        assertThat(redis.masterOf(channel)).endsWith(":" + to.port());
        Await.until("it is heard there", () -> {
            say(channel, "after");
            return ear.heard.containsKey("after");
        });
        assertThat(ear.heard).containsEntry("before", 1);
    }

    private String otherMastersKey(EmbeddedRedis not) {
        String key = Ids.random();
        while (cluster.masterOf(key) == not) {
            key = Ids.random();
        }
        return key;
    }

    @Test
    void channelsOfManySlotsAreAllSubscribedToAgainWhenTheirConnectionsAreKilled() {
        Map<String, Ear> ears = new ConcurrentHashMap<>();
        for (int i = 0; i < 200; i++) {
            String channel = channel();
            ears.put(channel, listen(channel));
        }
        assertThat(ears.keySet().stream().map(SlotHash::getSlot).distinct().count())
                .isGreaterThan(100);
        for (EmbeddedRedis server : cluster.servers()) {
            if (server.running()) {
                cluster.killListeners(server);
            }
        }
        Await.until(
                "all are subscribed to again",
                () -> ears.values().stream().allMatch(ear -> ear.acknowledged.get() > 1));
        ears.keySet().forEach(channel -> say(channel, "again"));
        Await.until("all are heard", () -> ears.values().stream().allMatch(ear -> ear.heard.containsKey("again")));
        assertThat(ears.values()).allSatisfy(ear -> assertThat(ear.heard).containsExactly(Map.entry("again", 1)));
        ears.keySet().forEach(live::unsubscribe);
    }

    @Test
    void whatIsBroadcastIsHeardFromEveryMasterAlsoWhenOneHasBeenKilled() {
        Ear ear = new Ear();
        broadcasts.subscribePattern("agent:events:*", ear).block(Patience.ofSeconds(10));
        String channel = channel();
        Ear own = listen(channel);
        cluster.failOver(channel);
        Await.until("the live channel is subscribed to again", () -> own.acknowledged.get() > 1);
        Await.until("it is heard at the new master", () -> {
            soon(() -> say(channel, "x"));
            return own.heard.containsKey("x");
        });
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            names.add("agent:events:" + Ids.random());
        }
        // Whose connection was to the killed one hears nothing until it has another.
        names.forEach(name -> Await.until("it is heard", () -> {
            soon(() -> assertThat(cluster.commands().publish(name, name)).isNotNegative());
            return ear.heard.containsKey(name);
        }));
    }
}
