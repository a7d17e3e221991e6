package dev.parley.audit;

import static dev.parley.audit.AuditContract.ACME;
import static dev.parley.audit.AuditContract.append;
import static dev.parley.audit.AuditContract.assertRefused;
import static dev.parley.audit.AuditContract.assertWhole;
import static dev.parley.audit.AuditContract.get;
import static dev.parley.audit.AuditContract.settings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.support.Patience;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A Redis of its own: to count what is asked of it, and to take it away. */
class AuditOutageIT {

    private static Redis connect(EmbeddedRedis server) {
        Redis redis = new Redis(RedisTopology.parse(server.uri()), "test", TestSettings.of(RedisSettings.class));
        redis.open();
        redis.reached().block(Patience.ofSeconds(10));
        return redis;
    }

    private static Map<String, String> calls(StatefulRedisConnection<String, String> connection) {
        return connection
                .sync()
                .info("commandstats")
                .lines()
                .filter(line -> line.startsWith("cmdstat_"))
                .map(line -> line.substring("cmdstat_".length()).split(":calls=|,"))
                // The test's own.
                .filter(parts -> !Set.of("config|resetstat", "info").contains(parts[0]))
                .collect(Collectors.toUnmodifiableMap(parts -> parts[0], parts -> parts[1]));
    }

    @Test
    void oneConversationIsReadInOneRoundTripHoweverLongTheFeedIs() {
        try (EmbeddedRedis server = EmbeddedRedis.start();
                RedisClient client = RedisClient.create(server.uri());
                StatefulRedisConnection<String, String> connection = client.connect()) {
            RedisAsyncCommands<String, String> feed = connection.async();
            for (int n = 0; n < 100_000; n++) {
                var unused = feed.xadd("agent:audit:log", "conversation_id", "other-" + n % 1_000, "action", "did");
            }
            assertThat(connection.sync().xlen("agent:audit:log")).isEqualTo(100_000);
            Redis redis = connect(server);
            Audit audit = new Audit(redis, Keys.DEFAULT, settings(10_000), null);
            String conversation = "audit-" + Ids.random();
            AuditContract.fill(audit, conversation, 100);
            AuditQuery newest = new AuditQuery(0, null, 50, true);
            assertThat(get(audit.read(ACME, conversation, newest)).entries()).hasSize(50);

            connection.sync().configResetstat();
            assertThat(get(audit.read(ACME, conversation, newest)).entries()).hasSize(50);
            Map<String, String> calls = calls(connection);

            assertThat(calls)
                    .as("one script, what it asks by itself, and nothing beside it")
                    .isEqualTo(Map.of("evalsha", "1", "hget", "2", "hmget", "2", "xrange", "1", "xrevrange", "1"));
            redis.close().block(Patience.ofSeconds(10));
        }
    }

    @Test
    void whatIsNotedWhileRedisIsAwayIsThereWhenItIsBackAndWhatIsAppendedIsRefused() {
        EmbeddedRedis server = EmbeddedRedis.start();
        Redis redis = connect(server);
        Audit audit = new Audit(redis, Keys.DEFAULT, settings(10_000), null);
        String conversation = "audit-" + Ids.random();
        int port = server.port();
        server.kill();
        for (int n = 0; n < 200; n++) {
            audit.acted(ACME, conversation, "message.sent", Map.of("message_id", "m" + n), "m" + n);
        }
        assertRefused(audit.append(ACME, conversation, "a", "did", "{}", null), ErrorCode.UNAVAILABLE);
        assertThat(audit.waiting()).isEqualTo(200);

        try (EmbeddedRedis back = EmbeddedRedis.start(port, List.of())) {
            audit.idle().block(Patience.ofSeconds(30));
            assertWhole(audit, conversation, 200);
            assertThat(audit.dropped()).isZero();
            assertThat(append(audit, conversation, 1).seq()).isEqualTo(201);
            assertThat(back.running()).isTrue();
            redis.close().block(Patience.ofSeconds(10));
        }
    }

    @Test
    void whatDoesNotFitIsDroppedAndCounted() {
        Redis never =
                new Redis(RedisTopology.parse("redis://127.0.0.1:1"), "test", TestSettings.of(RedisSettings.class));
        Audit audit = new Audit(never, Keys.DEFAULT, settings(10_000), null);
        for (int n = 0; n < AuditBuffer.MAX_WAITING + 7; n++) {
            audit.acted(ACME, "c", "message.sent", Map.of("message_id", "m" + n), "m" + n);
        }
        assertThat(audit.waiting()).isEqualTo(AuditBuffer.MAX_WAITING);
        assertThat(audit.dropped()).isEqualTo(7);
        audit.dispose();
        never.close().block(Patience.ofSeconds(10));
    }
}
