package dev.parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.app.TestHttp.Answer;
import dev.parley.event.Ids;
import dev.parley.redis.TestCluster;
import dev.parley.redis.TestSentinels;
import dev.parley.redis.TestTopology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * The master is killed while publishers publish and sockets listen. Replication is asynchronous, so Redis itself may lose what it has
 * acknowledged; then the sockets are told. What they are not told of has come once and in order.
 */
class FailoverIT {

    private static final int CONVERSATIONS = 9;
    private static final Duration BACK_WITHIN = Duration.ofSeconds(15);
    private static final long PACE = 10_000_000;
    private static final long GOES_ON = 1_500_000_000;

    @Test
    void aSentinelFailoverLosesNothingSilently() throws Exception {
        try (TestSentinels sentinels = TestSentinels.start()) {
            failOverUnderLoad("sentinel", sentinels);
        }
    }

    @Test
    void aKilledMasterOfAClusterLosesNothingSilently() throws Exception {
        try (TestCluster cluster = TestCluster.start()) {
            failOverUnderLoad("cluster", cluster);
        }
    }

    private static void failOverUnderLoad(String name, TestTopology topology) throws Exception {
        try (TestNode node = TestNode.start("redis.uri", topology.uri())) {
            TestTopology.await("it is ready", () -> ready(node));
            List<Talk> talks = new ArrayList<>();
            for (int i = 0; i < CONVERSATIONS; i++) {
                talks.add(new Talk(node));
            }
            talks.forEach(talk -> talk.awaitStored(talk.stored + 20));
            long killed = System.nanoTime();
            topology.failOver("events:conv:{" + talks.get(0).conversation + "}");
            long promoted = System.nanoTime();
            // Each one goes on by itself: the event after the next is one that was begun after the kill.
            talks.forEach(talk -> talk.awaitStored(talk.stored + 2));
            long back = System.nanoTime();
            TestTopology.await("it is ready again", () -> ready(node));
            long ready = System.nanoTime();
            LockSupport.parkNanos(GOES_ON);
            int stored = 0;
            int gaps = 0;
            int retries = 0;
            for (Talk talk : talks) {
                talk.stop();
                stored += talk.stored;
                retries += talk.retries.get();
                gaps += talk.assertHeard();
            }
            System.out.printf(
                    "%s: %d events stored, %d tries refused, %d gaps; a new master after %d ms, all conversations go on"
                            + " after %d ms, ready after %d ms%n",
                    name, stored, retries, gaps, millis(killed, promoted), millis(killed, back), millis(killed, ready));
            assertThat(Duration.ofNanos(ready - killed)).isLessThan(BACK_WITHIN);
            talks.forEach(Talk::close);
        }
    }

    private static long millis(long from, long to) {
        return TimeUnit.NANOSECONDS.toMillis(to - from);
    }

    private static boolean ready(TestNode node) {
        return TestHttp.get(node.management("/health/ready")).status() == 200;
    }

    /** One conversation: who publishes there, numbered and one after the other, and a socket that listens. */
    private static final class Talk {

        private final String conversation = Ids.random();
        private final TestNode node;
        private final TestSocket socket;
        private final AtomicBoolean over = new AtomicBoolean();
        private final CompletableFuture<Void> publishing;
        private volatile int stored;
        private final AtomicInteger retries = new AtomicInteger();

        Talk(TestNode node) {
            this.node = node;
            socket = TestSocket.welcomed(node.socket());
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            publishing = new CompletableFuture<>();
            Thread thread = new Thread(this::publish, "talk-" + conversation);
            thread.setDaemon(true);
            thread.start();
        }

        /** As an agent does it: the same event again, under its id, until it is taken. */
        private void publish() {
            try {
                for (int n = 1; !over.get(); n++) {
                    while (!take(n)) {
                        retries.incrementAndGet();
                        LockSupport.parkNanos(5 * PACE);
                    }
                    stored = n;
                    LockSupport.parkNanos(PACE);
                }
                publishing.complete(null);
            } catch (RuntimeException | AssertionError e) {
                publishing.completeExceptionally(e);
            }
        }

        private boolean take(int n) {
            Answer answer = TestHttp.postJson(
                    node.http("/v1/conversations/" + conversation + "/events"),
                    "{'event':'agent.note','event_id':'e" + n + "','payload':{'n':" + n + "}}");
            assertThat(answer.status()).as("%s", answer).isIn(201, 202, 503);
            return answer.status() != 503;
        }

        void awaitStored(int n) {
            TestTopology.await("event " + n + " is stored", () -> stored >= n || publishing.isDone());
        }

        void stop() throws Exception {
            over.set(true);
            publishing.get(30, TimeUnit.SECONDS);
        }

        /** Everything once and in order, but for what a gap tells of; returns the gaps. */
        int assertHeard() {
            int gaps = 0;
            int last = 0;
            boolean anything = false;
            while (last < stored) {
                JsonNode frame = socket.next();
                String type = frame.path("type").asText();
                if (type.equals("subscribed") && !frame.path("resumed").asBoolean()) {
                    assertThat(frame.has("gap")).as("%s", frame).isTrue();
                    assertThat(socket.next().path("type").asText()).isEqualTo("snapshot");
                    gaps++;
                    anything = true;
                } else if (type.equals("placed") || (type.equals("event") && frame.has("position"))) {
                    int n = Integer.parseInt(frame.path("event_id").asText().substring(1));
                    if (!anything) {
                        assertThat(n).as("the one after %s: %s", last, frame).isEqualTo(last + 1);
                    }
                    anything = false;
                    last = n;
                }
            }
            return gaps;
        }

        void close() {
            socket.close();
        }
    }
}
