package dev.parley.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestNode;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Many clients append to one session at the same time, through two nodes that archive it. */
class ConcurrentAppendsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CLIENTS = 50;
    private static final int EACH = 10;
    private static final int ALL = CLIENTS * EACH;
    private static final int SECONDS = 30;

    private final String id = "s-" + Ids.random();

    /** Half of the messages go out twice, each time by another node: what is sent again is appended once. */
    @Test
    void fiveHundredAppendsFromFiftyClientsAreFiveHundredMessages() throws Exception {
        String database = TestPostgres.newDatabase();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        String name = Ids.random();
        try (TestNode one = node(database, name);
                TestNode two = node(database, Ids.random())) {
            List<TestNode> nodes = List.of(one, two);
            // Until then nobody can say what is there beyond what Redis keeps.
            Await.until(
                    "PostgreSQL is reached",
                    () -> nodes.stream().allMatch(node -> node.metric("parley_postgres_up") == 1));
            assertThat(TestHttp.postJson(one.http("/v1/sessions"), "{'conversation':'" + id + "'}")
                            .status())
                    .isEqualTo(201);
            int connections = connections(name);
            List<CompletableFuture<HttpResponse<String>>> sent = new ArrayList<>();
            List<String> texts = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                HttpClient own = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .executor(threads)
                        .build();
                for (int i = 0; i < EACH; i++) {
                    String text = client + "/" + i;
                    for (int times = 0; times <= i % 2; times++) {
                        sent.add(own.sendAsync(
                                append(nodes.get((client + times) % nodes.size()), text),
                                HttpResponse.BodyHandlers.ofString()));
                        texts.add(text);
                    }
                }
            }
            CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new))
                    .get(Patience.ofSeconds(SECONDS).toMillis(), TimeUnit.MILLISECONDS);

            Map<Integer, String> told = new HashMap<>();
            for (int i = 0; i < sent.size(); i++) {
                HttpResponse<String> answer = sent.get(i).get();
                assertThat(answer.statusCode()).as(answer.body()).isIn(200, 201);
                JsonNode seq = JSON.readTree(answer.body()).path("seq");
                // Of one that was sent twice, the second answer may come when its message is not in Redis any more.
                assertThat(seq.isInt() || answer.statusCode() == 200)
                        .as(answer.body())
                        .isTrue();
                if (seq.isInt()) {
                    String other = told.put(seq.intValue(), texts.get(i));
                    assertThat(other).isIn(null, texts.get(i));
                }
            }
            assertThat(sent.stream().filter(answer -> answer.join().statusCode() == 201))
                    .hasSize(ALL);
            assertThat(told.keySet()).containsExactlyInAnyOrderElementsOf(numbers());
            assertThat(history(two)).isEqualTo(told);
            assertThat(TestHttp.get(one.http("/v1/sessions/" + id))
                            .json()
                            .path("message_count")
                            .asInt())
                    .isEqualTo(ALL);
            assertThat(connections(name))
                    .as("connections to Redis: none is made for a request")
                    .isPositive()
                    .isEqualTo(connections);
        } finally {
            threads.shutdownNow();
        }
    }

    private static TestNode node(String database, String name) {
        return TestNode.start("postgres.url", database, "postgres.username", "postgres", "node", name);
    }

    /** How many a node has to Redis. */
    private static int connections(String node) {
        return (int) TestRedis.commands()
                .clientList()
                .lines()
                .filter(line -> line.contains(" name=parley:" + node))
                .count();
    }

    private HttpRequest append(TestNode node, String text) {
        return HttpRequest.newBuilder(node.http("/v1/sessions/" + id + "/messages"))
                .header("Content-Type", TestHttp.JSON_TYPE)
                .header("Idempotency-Key", id + "/" + text)
                .POST(HttpRequest.BodyPublishers.ofString("{\"content\":\"" + text + "\"}"))
                .build();
    }

    private static List<Integer> numbers() {
        return IntStream.rangeClosed(1, ALL).boxed().toList();
    }

    private Map<Integer, String> history(TestNode node) {
        Map<Integer, String> texts = new HashMap<>();
        TestHttp.get(node.http("/v1/sessions/" + id + "/messages?after=0&limit=1000"))
                .json()
                .path("messages")
                .forEach(message -> texts.put(
                        message.path("seq").asInt(), message.path("content").asText()));
        return texts;
    }
}
