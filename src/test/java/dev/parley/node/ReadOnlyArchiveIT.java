package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PostgreSQL takes no writes for a while, as when its disk is full: the archive waits, says so, and goes on when it is over. */
class ReadOnlyArchiveIT {

    private static final Logger LOG = LoggerFactory.getLogger(ReadOnlyArchiveIT.class);
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static String send(String conversation, String id) {
        return "{'type':'send','conversation':'" + conversation + "','content':'hi','message_id':'" + id + "'}";
    }

    private static String reason(TestNode node) {
        return TestHttp.get(node.management("/health/ready"))
                .json()
                .at("/reasons/postgres")
                .asText();
    }

    @Test
    void whatIsSaidMeanwhileIsArchivedRightAfterwards() {
        String early = "early-" + Ids.random();
        String late = "late-" + Ids.random();
        try (TestPostgres server = TestPostgres.start();
                TestNode node = TestNode.start("postgres.url", server.url(), "postgres.username", "postgres");
                TestSocket person = TestSocket.welcomed(node.socket())) {
            Await.within(LIMIT, "PostgreSQL is there", () -> node.metric("parley_postgres_up") == 1);
            person.send(send(early, "m1")).next("ok");
            Await.within(LIMIT, "it is archived", () -> TestPostgres.messages(server.url(), early) == 1);

            server.readOnly(true);
            person.send(send(late, "m1")).next("ok");
            Await.within(
                    LIMIT,
                    "it is known",
                    () -> node.metric("parley_postgres_up") == 0
                            && reason(node).contains("default_transaction_read_only is on"));
            TestRedis.commands()
                    .keys("*{" + early + "}*")
                    .forEach(key -> TestRedis.commands().del(key));
            TestHttp.Answer session = TestHttp.get(node.http("/v1/sessions/" + early));
            assertThat(session.status())
                    .as("a session that only the record has: %s", session)
                    .isEqualTo(200);
            assertThat(session.json().path("source").asText()).isEqualTo("archive");
            assertThat(node.metric("parley_postgres_up")).isZero();
            assertThat(TestPostgres.messages(server.url(), late)).isZero();

            server.readOnly(false);
            long ended = System.nanoTime();
            Await.within(LIMIT, "the rest is archived", () -> TestPostgres.messages(server.url(), late) == 1);
            LOG.info("The archive went on {} ms after the phase", (System.nanoTime() - ended) / 1_000_000);
            Await.within(LIMIT, "it is up", () -> node.metric("parley_postgres_up") == 1);
            assertThat(reason(node)).isEmpty();
        }
    }
}
