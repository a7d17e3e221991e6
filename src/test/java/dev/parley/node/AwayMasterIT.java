package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Kept;
import dev.parley.redis.TestCluster;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.Range;
import io.lettuce.core.RedisException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One master of a cluster is away: what it serves is queued, everything else is stored as always. */
class AwayMasterIT {

    private static final int CONVERSATIONS = 200;
    /** Nobody who is asked for something that is there waits for what is not, which takes 5 s to be given up. */
    private static final Duration AT_ONCE = Duration.ofSeconds(3);

    private final List<String> away = new ArrayList<>();
    private final List<String> there = new ArrayList<>();

    /** It goes on without one of its masters, and nobody takes the place of one by himself. */
    private final TestCluster cluster =
            TestCluster.start("cluster-require-full-coverage no", "cluster-replica-no-failover yes");

    private final TestNode node = TestNode.start("redis.uri", cluster.uri());
    private final String one = Ids.random();
    private final EmbeddedRedis master = cluster.masterOf(log(one));

    @BeforeEach
    void spread() {
        away.add(one);
        while (away.size() + there.size() < CONVERSATIONS) {
            String each = Ids.random();
            (cluster.masterOf(log(each)) == master ? away : there).add(each);
        }
        assertThat(away).hasSizeGreaterThan(20);
        assertThat(there).hasSizeGreaterThan(20);
    }

    @AfterEach
    void close() {
        node.close();
        cluster.close();
    }

    private static String log(String conversation) {
        return "events:conv:{" + conversation + "}";
    }

    private Answer publish(String conversation, int n) {
        return TestHttp.postJson(
                node.http("/v1/conversations/" + conversation + "/events"),
                "{'event':'agent.note','event_id':'e" + n + "','payload':{'n':" + n + "}}");
    }

    private void publish(List<String> conversations, int n, int status) {
        for (String each : conversations) {
            long since = System.nanoTime();
            assertThat(publish(each, n).status()).as("%s in %s", n, each).isEqualTo(status);
            assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Patience.of(AT_ONCE));
        }
    }

    private int ready() {
        return TestHttp.get(node.management("/health/ready")).status();
    }

    private TestSocket follower(String conversation) {
        TestSocket socket = TestSocket.welcomed(node.socket());
        long since = System.nanoTime();
        socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                .next("snapshot");
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Patience.of(AT_ONCE));
        return socket;
    }

    private boolean followed() {
        try {
            return cluster.commands().exists(log(one)) == 1;
        } catch (RedisException e) {
            return false;
        }
    }

    private List<Integer> logged(String conversation) {
        return cluster.commands().xrange(log(conversation), Range.unbounded()).stream()
                .map(entry -> Kept.json(Objects.requireNonNull(entry.getBody().get("e")))
                        .at("/payload/n")
                        .asInt(-1))
                .toList();
    }

    private void assertAllIsInTheLogsOnceAndInOrder(int count) {
        Await.until("the test's own client knows who serves what", this::followed);
        List<Integer> all = IntStream.range(0, count).boxed().toList();
        for (List<String> some : List.of(away, there)) {
            for (String each : some) {
                assertThat(logged(each)).as("the log of %s", each).isEqualTo(all);
            }
        }
    }

    /** Takes frames until all of them were shown, each once, pending ones as placed. */
    private static void assertShown(TestSocket socket, int count) {
        Set<String> shown = new HashSet<>();
        Set<String> pending = new HashSet<>();
        while (shown.size() < count) {
            JsonNode frame = socket.next();
            String id = frame.path("event_id").asText();
            switch (frame.path("type").asText()) {
                case "event" ->
                    assertThat((frame.path("pending").asBoolean() ? pending : shown).add(id))
                            .as("%s is shown once", id)
                            .isTrue();
                case "placed" -> {
                    assertThat(pending.remove(id)).isTrue();
                    assertThat(shown.add(id)).as("%s is placed once", id).isTrue();
                }
                default -> assertThat(frame.path("type").asText()).isEqualTo("status");
            }
        }
        assertThat(pending).isEmpty();
    }

    @Test
    void whatAKilledMasterServesIsQueuedUntilItsReplicaTakesOver() {
        try (TestSocket follower = follower(one);
                TestSocket watcher = TestSocket.welcomed(node.socket())) {
            publish(away, 0, 201);
            publish(there, 0, 201);
            cluster.replicate("mark:{" + one + "}");

            master.kill();
            publish(away, 1, 202);
            publish(there, 1, 201);
            watcher.awaitRedis("degraded");
            Await.until("the metric says so", () -> node.metric("parley_redis_up") == 0);
            Await.until("it is ready", () -> ready() == 200);
            publish(there, 2, 201);
            publish(away, 2, 202);
            follower(there.get(0)).close();
            assertThat(node.metric("parley_outage_queued")).isEqualTo(2 * away.size());

            cluster.takeOver(master);
            Await.until("nothing is queued", () -> node.metric("parley_outage_queued") == 0);
            publish(away, 3, 201);
            publish(there, 3, 201);
            Await.until("the metric says so", () -> node.metric("parley_redis_up") == 1);
            assertThat(node.metric("parley_outage_replayed_total")).isEqualTo(2 * away.size());
            assertShown(follower, 4);
        }
        assertAllIsInTheLogsOnceAndInOrder(4);
    }

    /** Of a stream that another master has. */
    @Test
    void aStreamWaitsAsAWholeForTheMasterOfOneOfItsConversations() {
        String stream = Stream.generate(() -> "stream:" + Ids.random())
                .filter(each -> cluster.masterOf(each) != master)
                .findFirst()
                .orElseThrow();
        String other = there.get(0);
        try (TestNode reader = TestNode.start("redis.uri", cluster.uri(), "ingest.streams", stream)) {
            add(stream, one, 0);
            add(stream, other, 0);
            Await.until("the stream is read", () -> logged(other).equals(List.of(0)));
            cluster.replicate("mark:{" + one + "}");
            master.kill();
            Await.until("the reader knows", () -> reader.metric("parley_redis_up") == 0);
            for (int n = 1; n < 20; n++) {
                add(stream, one, n);
                add(stream, other, n);
            }
            Await.pass(Duration.ofSeconds(2));
            // What was tried with the first one may be in its log; nothing behind it is.
            assertThat(reader.metric("parley_ingest_dead_total")).isZero();

            cluster.takeOver(master);
            Await.until("the test's own client knows who serves what", this::followed);
            List<Integer> all = IntStream.range(0, 20).boxed().toList();
            Await.until(
                    "the stream is read up",
                    () -> logged(one).equals(all) && logged(other).equals(all));
            assertThat(reader.metric("parley_ingest_dead_total")).isZero();
        }
        assertThat(logged(one)).hasSize(20);
        assertThat(logged(other)).hasSize(20);
    }

    private void add(String stream, String conversation, int n) {
        assertThat(cluster.commands()
                        .xadd(
                                stream,
                                Map.of(
                                        "event",
                                        "agent.note",
                                        "payload",
                                        "{\"conversation_id\":\"" + conversation + "\",\"n\":" + n + "}")))
                .isNotNull();
    }

    @Test
    void nobodyWaitsForAMasterThatHangsButWhoAsksForWhatItServes() {
        publish(away, 0, 201);
        publish(there, 0, 201);
        ExecutorService askers = Executors.newFixedThreadPool(away.size());
        try (TestSocket follower = follower(one);
                TestSocket watcher = TestSocket.welcomed(node.socket())) {
            master.pause();
            List<CompletableFuture<Integer>> asked = new ArrayList<>();
            for (String each : away) {
                asked.add(CompletableFuture.supplyAsync(() -> publish(each, 1).status(), askers));
            }
            publish(there, 1, 201);
            try (TestSocket socket = follower(there.get(0))) {
                publish(there.subList(0, 1), 2, 201);
                assertThat(TopologyContract.number(socket.next("event"))).isEqualTo(2);
            }
            assertThat(asked).as("all of this while nobody knew").noneMatch(CompletableFuture::isDone);

            watcher.awaitRedis("degraded");
            assertThat(asked).allSatisfy(answer -> assertThat(answer.join()).isEqualTo(202));
            publish(away, 2, 202);
            publish(there.subList(1, there.size()), 2, 201);
            Await.until("it is ready", () -> ready() == 200);

            master.resume();
            Await.until("nothing is queued", () -> node.metric("parley_outage_queued") == 0);
            Await.until("the metric says so", () -> node.metric("parley_redis_up") == 1);
            publish(away, 3, 201);
            publish(there, 3, 201);
            assertShown(follower, 3);
        } finally {
            askers.shutdownNow();
        }
        assertAllIsInTheLogsOnceAndInOrder(4);
    }
}
