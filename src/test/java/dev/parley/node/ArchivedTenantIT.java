package dev.parley.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A conversation that only PostgreSQL has any more is its tenant's, whoever publishes in it first. */
class ArchivedTenantIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";
    private static final String NOTE = "{'event':'agent.note','payload':{}}";

    private static String url = "";
    private static TestNode node;

    private final String conversation = "archived-" + Ids.random();

    @BeforeAll
    static void start() {
        url = TestPostgres.newDatabase();
        node = TestNode.start(
                "auth.mode", "jwt", "auth.jwt.secret", SECRET, "postgres.url", url, "postgres.username", "postgres");
        Await.until("PostgreSQL is there", () -> node.metric("parley_postgres_up") == 1);
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    private static String token(String tenant, String... conversations) {
        return new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint("somebody", tenant, Set.of(Role.USER, Role.AGENT), Set.of(conversations), Duration.ofHours(1));
    }

    private Answer post(String token, String what, String type, String body) {
        return TestHttp.send(
                "POST",
                node.http("/v1/conversations/" + conversation + "/" + what),
                BodyPublishers.ofString(body.replace('\'', '"')),
                "Content-Type",
                type,
                "Authorization",
                "Bearer " + token);
    }

    private Answer publish(String token) {
        return post(token, "events", TestHttp.JSON_TYPE, NOTE);
    }

    private Answer send(String token) {
        return post(token, "messages", TestHttp.JSON_TYPE, "{'content':'hi'}");
    }

    private void said(int messages) {
        assertThat(send(token("acme")).status()).isEqualTo(201);
        forgotten(messages);
    }

    private void forgotten(int messages) {
        Await.until("it is archived", () -> TestPostgres.messages(url, conversation) == messages);
        TestRedis.commands()
                .keys("*{" + conversation + "}*")
                .forEach(key -> TestRedis.commands().del(key));
    }

    @Test
    void anotherTenantsAgentFindsNothing() {
        said(1);
        assertThat(publish(token("other")).status()).isEqualTo(404);
        assertThat(publish(token("other")).status()).isEqualTo(404);
        assertThat(post(token("other"), "events", TestHttp.NDJSON_TYPE, NOTE + "\n" + NOTE)
                        .status())
                .isEqualTo(404);
        try (TestSocket socket = TestSocket.authorized(node.socket(), token("other"))) {
            socket.next("welcome");
            JsonNode error = socket.send("{'type':'publish','conversation':'" + conversation
                            + "','event':'agent.note','payload':{}}")
                    .next("error");
            assertThat(error.path("code").asText()).isEqualTo("not_found");
        }
        assertThat(TestRedis.commands().keys("*{" + conversation + "}*")).isEmpty();
        said(2);
    }

    @Test
    void itsOwnAgentAndOneWhoseTokenNamesItLeaveItWhoseItIs() {
        said(1);
        assertThat(publish(token("acme")).status()).isEqualTo(201);
        said(2);
        assertThat(publish(token("other", conversation)).status()).isEqualTo(201);
        said(3);
    }

    @Test
    void whatATokenNamesIsItsOwnOnly() {
        assertThat(send(token("acme")).status()).isEqualTo(201);
        assertThat(publish(token("other", conversation)).status()).isEqualTo(201);
        forgotten(1);
        assertThat(publish(token("other")).status()).isEqualTo(404);
        said(2);
    }

    @Test
    void whatComesWhileItIsAskedStaysInOrder() {
        try (TestSocket socket = TestSocket.authorized(node.socket(), token("acme"))) {
            socket.next("welcome");
            for (int i = 0; i < 200; i++) {
                socket.send("{'type':'publish','conversation':'" + conversation
                        + "','event':'agent.note','payload':{'n':" + i + "}}");
            }
            for (int i = 0; i < 200; i++) {
                socket.next("ok");
            }
        }
        assertThat(Kept.events(conversation))
                .extracting(event -> event.at("/payload/n").asInt())
                .isEqualTo(IntStream.range(0, 200).boxed().toList());
        assertThat(publish(token("other")).status()).isEqualTo(404);
    }
}
