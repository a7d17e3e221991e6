package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Redis and PostgreSQL are both away, and come back with what they had: what a node does meanwhile, and what is there afterwards. */
class BothAwayIT {

    private final String conversation = "both-" + Ids.random();

    private String send(int n) {
        return "{'type':'send','ref':" + n + ",'conversation':'" + conversation + "','content':'" + n
                + "','message_id':'m" + n + "'}";
    }

    @Test
    void socketsStayAndWhatIsAcceptedIsInBothAfterwards() {
        try (Relay network = Relay.to(URI.create(TestRedis.uri()));
                TestPostgres postgres = TestPostgres.start();
                TestNode node = TestNode.start(
                        "redis.uri",
                        "redis://127.0.0.1:" + network.port(),
                        "postgres.url",
                        postgres.url(),
                        "postgres.username",
                        "postgres");
                TestSocket person = TestSocket.welcomed(node.socket())) {
            person.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            String position =
                    person.send(send(1)).next("event").path("position").asText();
            // The first of all comes with the tables; other tests' conversations are archived by this node, too.
            Await.until(
                    "it is archived",
                    () -> node.metric("parley_archive_messages_total") >= 1
                            && TestPostgres.messages(postgres.url(), conversation) == 1);

            network.cut();
            postgres.stop();
            Await.until("the gate opens", () -> node.metric("parley_redis_up") == 0);
            person.awaitRedis("degraded");

            // Publish and send are queued, and shown to those who are there.
            Answer published = TestHttp.postJson(
                    node.http("/v1/conversations/" + conversation + "/events"),
                    "{'event':'agent.note','event_id':'e1','payload':{}}");
            assertThat(published.status()).isEqualTo(202);
            assertThat(person.next("event").path("pending").asBoolean()).isTrue();
            assertThat(person.send(send(2)).next("ok").path("queued").asBoolean())
                    .isTrue();

            // Who comes back goes on from the node's memory; who has nothing is told to wait.
            try (TestSocket back = TestSocket.welcomed(node.socket());
                    TestSocket fresh = TestSocket.welcomed(node.socket())) {
                back.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + position + "'}");
                assertThat(back.next("subscribed").path("resumed").asBoolean()).isTrue();
                assertThat(back.next("event").path("event_id").asText()).isEqualTo("e1");
                fresh.send("{'type':'subscribe','conversation':'" + conversation + "'}");
                assertThat(fresh.next("error").path("code").asText()).isEqualTo("unavailable");
            }

            // A session can't be read, and nothing waits for the cache.
            Answer session = TestHttp.get(node.http("/v1/sessions/" + conversation));
            assertThat(session.status()).isEqualTo(503);
            assertThat(session.json().path("code").asText()).isEqualTo("unavailable");
            long before = System.nanoTime();
            JsonNode looked = TestHttp.postJson(
                            node.http("/v1/cache/lookup"),
                            "{'request':{'model':'m','messages':[{'role':'user','content':'x'}]}}")
                    .json();
            assertThat(looked.path("hit").asBoolean(true)).as("%s", looked).isFalse();
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Patience.ofSeconds(1));
            assertThat(TestHttp.get(node.management("/health/ready")).status()).isEqualTo(503);
            assertThat(TestHttp.get(node.management("/health/live")).status()).isEqualTo(200);

            network.mend();
            postgres.startAgain();
            assertThat(person.next("placed").path("event_id").asText()).isEqualTo("e1");
            Await.until("all is in its log", () -> node.metric("parley_outage_queued") == 0);
            Await.until("all is in the record", () -> TestPostgres.messages(postgres.url(), conversation) == 2);
            Await.until(
                    "it is ready",
                    () -> TestHttp.get(node.management("/health/ready")).status() == 200);
        }
    }
}
