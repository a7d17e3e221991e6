package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArchivedPythonSessionsIT implements PythonSessionsContract {

    private final String url = TestPostgres.newDatabase();
    private final TestNode node = TestNode.start("postgres.url", url, "postgres.username", "postgres");
    private final TestNode other = TestNode.start("postgres.url", url, "postgres.username", "postgres");

    @AfterAll
    void close() {
        node.close();
        other.close();
    }

    @Override
    public TestNode node() {
        return node;
    }

    @Override
    public TestNode other() {
        return other;
    }

    @Override
    public RedisClusterCommands<String, String> commands() {
        return TestRedis.commands();
    }

    @Test
    void moreMessagesThanRedisKeepsAreInTheRecord() {
        String c = "python-" + Ids.random();
        create("session:conv:" + c, "default", messages(120));
        requireImported(c);
        Await.until("it is archived", () -> TestPostgres.messages(url, c) == 120);
        Await.until("Redis keeps the newest", () -> commands().xlen("messages:conv:{" + c + "}") == 50);
        assertThat(TestHttp.get(node.http("/v1/sessions/" + c + "/messages?after=0&limit=500"))
                        .json()
                        .path("messages"))
                .hasSize(120);
    }
}
