package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A Redis that answers and refuses what traffic needs: the node is not ready, and says what is refused and what to grant. */
class RefusedRedisIT {

    private static final String ALL = "user parley on >secret ~* &* +@all";

    private static EmbeddedRedis server(String... settings) {
        return EmbeddedRedis.start(0, List.of(settings));
    }

    private static TestNode node(EmbeddedRedis redis, String... more) {
        return start("redis://127.0.0.1:" + redis.port(), more);
    }

    /** As the user {@code parley}. */
    private static TestNode restricted(EmbeddedRedis redis, String... more) {
        return start("redis://parley:secret@127.0.0.1:" + redis.port(), more);
    }

    private static TestNode start(String uri, String... more) {
        List<String> settings = new ArrayList<>(List.of("redis.uri", uri, "redis.probe-interval", "200ms"));
        settings.addAll(List.of(more));
        return TestNode.start(settings.toArray(String[]::new));
    }

    private static JsonNode health(TestNode node) {
        return TestHttp.get(node.management("/health/ready")).json();
    }

    private static String reason(TestNode node, String check) {
        return health(node).path("reasons").path(check).asText();
    }

    private static void awaitReason(TestNode node, String check, String... words) {
        Await.until(
                check + " is down and says " + List.of(words),
                () -> Stream.of(words).allMatch(word -> reason(node, check).contains(word)));
        assertThat(TestHttp.get(node.management("/health/ready")).status()).isEqualTo(503);
    }

    private static void awaitReady(TestNode node) {
        Await.until(
                "it is ready: " + health(node), () -> health(node).path("ready").asBoolean());
    }

    private static long said(LogWatch log, String... words) {
        return log.lines().stream()
                .filter(line -> Stream.of(words).allMatch(line::contains))
                .count();
    }

    @ParameterizedTest
    @CsvSource({
        "-time,          redis,   TIME,         +time",
        "-evalsha,       redis,   EVALSHA,      +evalsha",
        "-eval,          redis,   EVAL,         +eval",
        "-xadd,          redis,   XADD,         +xadd",
        "-hincrby,       redis,   HINCRBY,      +hincrby",
        "-set,           streams, SET,          +set",
        "-xgroup,        streams, XGROUP SETID, +xgroup|setid",
        "-xread,         streams, XREAD,        +xread",
    })
    void aMissingRightIsNamedAndItIsReadyOnceItIsGranted(String right, String check, String command, String grant) {
        try (EmbeddedRedis redis = server(ALL + " " + right);
                LogWatch log = LogWatch.open();
                TestNode node = restricted(redis)) {
            awaitReason(node, check, "Redis refuses ", command, grant);
            assertThat(reason(node, check)).containsAnyOf("no permissions", "can't run");
            Await.until("the log says so", () -> said(log, "ERROR", "Redis refuses ", command, grant) == 1);

            admin(
                    redis,
                    commands -> assertThat(commands.aclSetuser("parley", AclSetuserArgs.Builder.allCommands()))
                            .isEqualTo("OK"));
            awaitReady(node);
            assertThat(said(log, "ERROR", "Redis refuses ", command, grant)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"EVAL, redis, EVAL", "EVALSHA, redis, EVALSHA", "XGROUP, streams, XGROUP SETID", "XADD, redis, XADD"})
    void aCommandThatWasRenamedAwayIsNamed(String renamed, String check, String command) {
        try (EmbeddedRedis redis = server("rename-command " + renamed + " \"\"");
                TestNode node = node(redis)) {
            awaitReason(node, check, "Redis has no ", command, "rename-command");
        }
    }

    @Test
    void aReplicaIsNotReadyUntilItIsAMaster() {
        try (EmbeddedRedis master = server();
                EmbeddedRedis replica = server("replicaof 127.0.0.1 " + master.port());
                TestNode node = node(replica)) {
            awaitReason(node, "redis", "read-only replica", "parley.redis.uri");

            admin(replica, commands -> assertThat(commands.replicaofNoOne()).isEqualTo("OK"));
            awaitReady(node);
        }
    }

    @ParameterizedTest
    @CsvSource({"min-replicas-to-write, 1, 0, NOREPLICAS", "maxmemory, 1mb, 0, OOM"})
    void aServerThatRefusesEveryWriteIsNotReadyUntilItTakesThemAgain(
            String setting, String refusing, String taking, String error) {
        try (EmbeddedRedis redis = server(setting + " " + refusing);
                LogWatch log = LogWatch.open();
                TestNode node = node(redis)) {
            awaitReason(node, "redis", "Redis refuses every write", error, setting);
            Await.until("the log says so", () -> said(log, "ERROR", "Redis refuses every write", error) == 1);

            admin(
                    redis,
                    commands -> assertThat(commands.configSet(setting, taking)).isEqualTo("OK"));
            awaitReady(node);
            assertThat(said(log, "ERROR", "Redis refuses every write", error)).isEqualTo(1);
        }
    }

    @Test
    void keysThatTheUserMayNotUseAreNamedByTheirPrefix() {
        try (EmbeddedRedis redis = server("user parley on >secret ~app:run:* &* +@all");
                TestNode node = restricted(redis, "redis.key-prefix", "app:")) {
            awaitReason(node, "redis", "on a key", "~app:*");
            awaitReason(node, "streams", "app:agent:events:stream can't be read", "~app:*");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"live", "control"})
    void aChannelThatTheUserMayNotPublishOnIsNamedByItsPrefix(String missing) {
        String channels = Stream.of("live", "control", "agent:events")
                .filter(each -> !each.equals(missing))
                .map(each -> each.equals("agent:events") ? "&agent:events:*" : "&" + each + ":conv:*")
                .reduce("", (all, each) -> all + " " + each);
        try (EmbeddedRedis redis = server("user parley on >secret ~*" + channels + " +@all");
                TestNode node = restricted(redis)) {
            awaitReason(node, "redis", "Redis refuses PUBLISH on a channel", "grant the user the channels &*");
        }
    }

    @Test
    void aSubscriptionThatIsRefusedIsLoggedOnceCountedAndNamed() {
        // The pattern must stand literally in the rule.
        try (EmbeddedRedis redis = server("user parley on >secret ~* &app:* +@all");
                LogWatch log = LogWatch.open();
                TestNode node = restricted(redis, "redis.key-prefix", "app:")) {
            awaitReason(
                    node, "channels", "PSUBSCRIBE app:agent:events:*", "NOPERM", "&app:agent:events:*", "literally");
            Await.until("it has tried again", () -> node.metric("parley_pubsub_refused_total") >= 3);
            assertThat(said(log, "ERROR", "Redis refuses PSUBSCRIBE")).isEqualTo(1);
            assertThat(health(node).path("checks").path("live").asText()).isEqualTo("up");
        }
    }

    @Test
    void aServerThatTakesNoMoreClientsIsNamed() {
        try (EmbeddedRedis redis = server();
                LogWatch log = LogWatch.open();
                TestNode node = node(redis)) {
            awaitReady(node);
            admin(redis, commands -> {
                assertThat(commands.configSet("maxclients", "1")).isEqualTo("OK");
                assertThat(commands.clientKill(KillArgs.Builder.typePubsub())).isPositive();
            });
            awaitReason(node, "channels", "max number of clients reached", "raise maxclients");
            Await.until("it has tried again", () -> node.metric("parley_pubsub_refused_total") >= 4);
            assertThat(node.metric("parley_pubsub_lost_total")).isPositive();
            assertThat(said(log, "ERROR", "Redis refuses a Pub/Sub connection: ERR max number of clients"))
                    .isBetween(1L, 2L); // live and channels
            assertThat(said(log, "WARN", "A Pub/Sub connection was cut")).isPositive();
        }
    }

    @Test
    void aConnectionThatIsCutForItsOutputBufferIsLoggedAndCounted() {
        try (EmbeddedRedis redis = server("client-output-buffer-limit pubsub 64kb 64kb 1");
                LogWatch log = LogWatch.open();
                TestNode node = node(redis)) {
            awaitReady(node);
            String large = "x".repeat(1 << 20);
            admin(
                    redis,
                    commands -> Await.until("it is cut", () -> {
                        for (int i = 0; i < 20; i++) {
                            assertThat(commands.publish("agent:events:agent.note", large))
                                    .isNotNegative();
                        }
                        return node.metric("parley_pubsub_lost_total") > 0;
                    }));
            Await.until(
                    "the log says so", () -> said(log, "WARN", "A Pub/Sub connection was cut", "output-buffer") > 0);
            awaitReady(node);
        }
    }

    @Test
    void aPasswordThatWasChangedIsNamedUntilItIsGood() {
        try (EmbeddedRedis redis = server(ALL);
                LogWatch log = LogWatch.open();
                TestNode node = restricted(redis)) {
            awaitReady(node);
            admin(redis, commands -> {
                assertThat(commands.aclSetuser("parley", AclSetuserArgs.Builder.removePassword("secret")))
                        .isEqualTo("OK");
                assertThat(commands.clientKill(KillArgs.Builder.user("parley"))).isPositive();
            });
            awaitReason(node, "redis", "WRONGPASS", "parley.redis.uri");
            Await.until("the log says so", () -> said(log, "ERROR", "Redis refuses the connection", "WRONGPASS") == 1);

            admin(
                    redis,
                    commands -> assertThat(commands.aclSetuser("parley", AclSetuserArgs.Builder.addPassword("secret")))
                            .isEqualTo("OK"));
            awaitReady(node);
            assertThat(said(log, "ERROR", "Redis refuses the connection")).isEqualTo(1);
        }
    }

    @Test
    void theProbesLeaveNoKeysBehind() {
        try (EmbeddedRedis redis = server();
                TestNode node = node(redis)) {
            awaitReady(node);
            admin(redis, commands -> assertThat(commands.keys("*")).noneMatch(key -> key.contains("probe")));
        }
    }

    private static void admin(EmbeddedRedis redis, Consumer<RedisCommands<String, String>> work) {
        RedisClient client = RedisClient.create(redis.uri());
        try {
            work.accept(client.connect().sync());
        } finally {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
        }
    }
}
