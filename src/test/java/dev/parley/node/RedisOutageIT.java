package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A Redis of its own, which goes and comes back empty. */
class RedisOutageIT {

    @Test
    void socketsStayAreToldAndGoOnWithAGapWhenRedisComesBackEmpty() throws Exception {
        EmbeddedRedis first = EmbeddedRedis.start();
        int port = first.port();
        try (TestNode node = TestNode.start("redis.uri", first.uri(), "hub.check-interval", "1s");
                TestSocket socket = TestSocket.welcomed(node.socket());
                TestSocket publisher = TestSocket.welcomed(node.socket())) {
            awaitReady(node, 200);
            socket.send("{'type':'subscribe','conversation':'c'}").next("snapshot");
            socket.send("{'type':'publish','ref':1,'conversation':'c','event':'agent.note','payload':{'n':1}}");
            String position = socket.next("event").path("position").asText();

            first.kill();
            socket.awaitRedis("degraded");
            awaitReady(node, 503);
            publisher.send("{'type':'publish','ref':2,'conversation':'c','event':'agent.note','payload':{'n':2}}");
            JsonNode pending = socket.next("event");
            assertThat(pending.path("pending").asBoolean()).isTrue();
            JsonNode queued = publisher.next("ok");
            assertThat(queued.path("ref").asInt()).isEqualTo(2);
            assertThat(queued.path("queued").asBoolean()).isTrue();
            assertThat(queued.path("stored").asBoolean(true)).isFalse();

            try (EmbeddedRedis second = EmbeddedRedis.start(port, List.of())) {
                assertThat(second.port()).isEqualTo(port);
                socket.awaitRedis("up");
                JsonNode subscribed = socket.next("subscribed");
                assertThat(subscribed.path("gap").path("requested").asText()).isEqualTo(position);
                // The snapshot has what was queued, or it comes behind it.
                JsonNode snapshot = socket.next("snapshot");
                if (snapshot.path("position").asText().equals("0")) {
                    assertThat(socket.next("event").path("event_id")).isEqualTo(queued.path("event_id"));
                }
                awaitReady(node, 200);
                socket.send("{'type':'publish','ref':3,'conversation':'c','event':'agent.note','payload':{'n':3}}");
                assertThat(socket.next("event")
                                .path("event")
                                .path("payload")
                                .path("n")
                                .asInt())
                        .isEqualTo(3);
                // The durable stream's reader is back as well, with a group of its own making.
                try (RedisClient client = RedisClient.create(second.uri())) {
                    assertThat(client.connect()
                                    .sync()
                                    .xadd("agent:events:stream", Map.of("event", "agent.note", "conversation_id", "c")))
                            .isNotNull();
                    socket.next("event");
                }
            }
        } finally {
            first.close();
        }
    }

    @Test
    void aNodeSpeaksToRedisAsTheUserOfItsUri() {
        try (EmbeddedRedis redis = EmbeddedRedis.start();
                RedisClient client = RedisClient.create(redis.uri())) {
            RedisCommands<String, String> admin = client.connect().sync();
            assertThat(admin.dispatch(
                            CommandType.ACL,
                            new StatusOutput<>(StringCodec.UTF8),
                            new CommandArgs<>(StringCodec.UTF8)
                                    .add("SETUSER")
                                    .add("parley")
                                    .add("on")
                                    .add(">p@ss")
                                    .add("~*")
                                    .add("&*")
                                    .add("+@all")))
                    .isEqualTo("OK");
            String uri = "redis://parley:p%40ss@127.0.0.1:" + redis.port();
            try (TestNode node = TestNode.start("redis.uri", uri, "node", "named");
                    TestSocket socket = TestSocket.welcomed(node.socket())) {
                socket.send("{'type':'subscribe','conversation':'c'}").next("snapshot");
                assertThat(admin.clientList()).contains("user=parley", "name=parley:named");
            }
        }
    }

    private static void awaitReady(TestNode node, int status) {
        HttpRequest request =
                HttpRequest.newBuilder(node.management("/health/ready")).build();
        HttpClient http = HttpClient.newHttpClient();
        Await.until(
                "ready is " + status,
                () -> http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == status);
    }
}
