package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.net.URI;
import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A PostgreSQL that takes what it is told and says nothing: whoever speaks is held up for a moment at most. */
class SilentPostgresIT {

    /** Without patience it is the time of a query, 5 s, and of a connection. */
    private static final Duration MOMENT = Duration.ofSeconds(4);

    private final String conversation = "silent-" + Ids.random();

    @CanIgnoreReturnValue
    private static <T> T atOnce(String what, Supplier<T> done) {
        long began = System.nanoTime();
        T result = done.get();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).as(what).isLessThan(Patience.of(MOMENT));
        return result;
    }

    private static String send(String conversation, String id) {
        return "{'type':'send','conversation':'" + conversation + "','content':'hi','message_id':'" + id + "'}";
    }

    @Test
    void peopleGoOnSpeaking() {
        String url = TestPostgres.newDatabase();
        URI server = URI.create(url);
        try (Relay network = Relay.to(server);
                TestNode node = TestNode.start(
                        "postgres.url",
                        "postgresql://127.0.0.1:" + network.port() + server.getPath(),
                        "postgres.username",
                        "postgres");
                TestSocket person = TestSocket.welcomed(node.socket())) {
            Await.until("PostgreSQL is there", () -> node.metric("parley_postgres_up") == 1);
            person.send(send(conversation, "m1")).next("ok");
            Await.until("it is archived", () -> TestPostgres.messages(url, conversation) == 1);

            network.mute();
            TestRedis.commands()
                    .keys("*{" + conversation + "}*")
                    .forEach(key -> TestRedis.commands().del(key));
            JsonNode sent =
                    atOnce("send", () -> person.send(send(conversation, "m2")).next("ok"));
            assertThat(sent.path("stored").asBoolean()).isTrue();
            atOnce(
                    "subscribe",
                    () -> person.send("{'type':'subscribe','conversation':'" + conversation + "-2'}")
                            .next("snapshot"));
            Answer created = atOnce(
                    "create",
                    () -> TestHttp.postJson(node.http("/v1/sessions"), "{'conversation':'" + conversation + "-3'}"));
            assertThat(created.status()).isEqualTo(201);

            network.cut();
            network.mend();
            Await.until("what was said is archived", () -> TestPostgres.messages(url, conversation) == 2);
        }
    }
}
