package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.postgres.TestPgBouncer;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Two nodes whose record is behind a pooler: what is said comes into it, and back from it. */
class PgBouncerArchiveIT {

    private static final int CONVERSATIONS = 40;

    private static TestNode node(String url) {
        return TestNode.start("postgres.url", url, "postgres.username", "postgres");
    }

    @ParameterizedTest
    @CsvSource({"1.18, session", "1.18, transaction", "1.24, session", "1.24, transaction"})
    void whatIsSaidIsArchivedAndComesBack(String version, String mode) {
        String url = TestPostgres.newDatabase();
        List<String> conversations = IntStream.range(0, CONVERSATIONS)
                .mapToObj(i -> "pooled-" + Ids.random())
                .toList();
        try (TestPgBouncer pooler = TestPgBouncer.start(version, url, "pool_mode", mode);
                TestNode one = node(pooler.url(url));
                TestNode other = node(pooler.url(url));
                TestSocket person = TestSocket.welcomed(one.socket());
                TestSocket another = TestSocket.welcomed(other.socket())) {
            conversations.forEach(c -> {
                person.send("{'type':'send','conversation':'" + c + "','content':'to " + c + "','message_id':'m1'}")
                        .next("ok");
                another.send("{'type':'send','conversation':'" + c + "','content':'and again','message_id':'m2'}")
                        .next("ok");
            });
            Await.until(
                    "all is archived", () -> conversations.stream().allMatch(c -> TestPostgres.messages(url, c) == 2));

            conversations.forEach(c -> TestRedis.commands()
                    .keys("*{" + c + "}*")
                    .forEach(key -> TestRedis.commands().del(key)));
            conversations.forEach(c -> {
                TestHttp.Answer session = TestHttp.get(other.http("/v1/sessions/" + c));
                assertThat(session.status()).as(session.toString()).isEqualTo(200);
                assertThat(session.json().path("source").asText()).isEqualTo("archive");
                TestHttp.Answer messages = TestHttp.get(one.http("/v1/sessions/" + c + "/messages"));
                assertThat(messages.status()).as(messages.toString()).isEqualTo(200);
                assertThat(messages.json().toString()).contains("to " + c, "and again");
            });
        }
    }

    @ParameterizedTest
    @FieldSource("dev.parley.postgres.TestPgBouncer#VERSIONS")
    void healthNamesAPoolerThatCanNotBeUsedAndTheNodeIsReady(String version) {
        String url = TestPostgres.newDatabase();
        try (TestPgBouncer pooler = TestPgBouncer.start(version, url, "pool_mode", "statement");
                TestNode node = node(pooler.url(url))) {
            Await.until(
                    "the reason is known",
                    () -> TestHttp.get(node.management("/health/ready"))
                            .json()
                            .at("/reasons/postgres")
                            .asText()
                            .contains("pool_mode"));
            Await.until(
                    "it is ready",
                    () -> TestHttp.get(node.management("/health/ready")).status() == 200);
            assertThat(TestHttp.get(node.management("/health/ready"))
                            .json()
                            .at("/checks/postgres")
                            .asText())
                    .isEqualTo("down");
            assertThat(node.metric("parley_postgres_up")).isZero();
        }
    }
}
