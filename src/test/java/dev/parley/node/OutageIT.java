package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose Redis is away for a while: what it accepts meanwhile is in the logs afterwards, each once and in order. */
class OutageIT {

    private static final String AGENT = "outage-agent";
    private static final int LONG = 3_500;
    private static final String SECRET = "a secret of more than thirty-two bytes";

    private final String conversation = "outage-" + Ids.random();
    private final Relay network = Relay.to(URI.create(TestRedis.uri()));

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        network.close();
    }

    private TestNode node(String... more) {
        List<String> settings = new ArrayList<>(List.of(
                "redis.uri",
                "redis://127.0.0.1:" + network.port(),
                "data.directory",
                directory.toString(),
                "sessions.default-agent",
                AGENT,
                "hub.check-interval",
                "1s"));
        settings.addAll(Arrays.asList(more));
        return TestNode.start(settings.toArray(String[]::new));
    }

    private void cut(TestNode node) {
        network.cut();
        Await.until("the gate opens", () -> node.metric("parley_redis_up") == 0);
    }

    private String publish(int n) {
        return "{'type':'publish','ref':" + n + ",'conversation':'" + conversation
                + "','event':'agent.note','event_id':'e" + n + "','payload':{'n':" + n + "}}";
    }

    private static int number(JsonNode eventFrame) {
        return eventFrame.at("/event/payload/n").asInt(-1);
    }

    private List<Integer> logged() {
        return Kept.events(conversation).stream()
                .map(event -> event.at("/payload/n").asInt(-1))
                .toList();
    }

    private static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    private TestSocket follower(TestNode node) {
        TestSocket socket = TestSocket.welcomed(node.socket());
        socket.send("{'type':'subscribe','conversation':'" + conversation + "'}");
        socket.next("snapshot");
        return socket;
    }

    /** What a socket was shown of a conversation, in the order in which it first saw each event. */
    private static final class Seen {
        private final List<Integer> order = new ArrayList<>();
        private final Set<String> pending = new HashSet<>();
        private final Set<String> durable = new HashSet<>();

        void take(JsonNode frame) {
            String id = frame.path("event_id").asText();
            if (frame.path("type").asText().equals("placed")) {
                assertThat(pending).as("placed was shown as pending").contains(id);
                assertThat(durable.add(id)).as("%s is placed once", id).isTrue();
            } else if (frame.path("type").asText().equals("event")) {
                if (frame.path("pending").asBoolean()) {
                    assertThat(durable)
                            .as("shown as pending after it was shown")
                            .doesNotContain(id);
                    assertThat(pending.add(id)).as("%s is pending once", id).isTrue();
                } else {
                    assertThat(pending).as("shown as pending before").doesNotContain(id);
                    assertThat(durable.add(id)).as("%s is shown once", id).isTrue();
                }
                order.add(number(frame));
            }
        }

        void takeUntil(TestSocket socket, int count) {
            while (durable.size() < count) {
                take(socket.next());
            }
        }
    }

    @Test
    void everyEventIsInTheLogOnceAndInOrderAndShownOnceAlthoughAnswersWereLost() {
        try (TestNode node = node();
                TestSocket follower = follower(node);
                TestSocket publisher = TestSocket.welcomed(node.socket())) {
            int n = 0;
            for (; n < 50; n++) {
                publisher.send(publish(n));
            }
            for (int i = 0; i < 50; i++) {
                assertThat(publisher.next("ok").path("stored").asBoolean()).isTrue();
            }
            Seen seen = new Seen();
            seen.takeUntil(follower, 50);
            // What is sent now reaches the log; that it did is never heard.
            network.mute();
            for (; n < 60; n++) {
                publisher.send(publish(n));
            }
            Await.until("the log has what was sent", () -> logged().size() > 50);
            cut(node);
            for (; n < 500; n++) {
                publisher.send(publish(n));
            }
            Set<Integer> queued = new HashSet<>();
            for (int i = 50; i < 500; i++) {
                JsonNode ok = publisher.next("ok");
                assertThat(ok.path("queued").asBoolean()).isTrue();
                assertThat(ok.path("event_id").asText())
                        .isEqualTo("e%s", ok.path("ref").asInt());
                queued.add(ok.path("ref").asInt());
            }
            assertThat(queued).hasSize(450);
            network.mend();
            for (; n < 600; n++) {
                publisher.send(publish(n));
            }
            seen.takeUntil(follower, 600);
            assertThat(logged()).isEqualTo(numbers(600));
            assertThat(seen.order).isEqualTo(numbers(600));
            assertThat(seen.pending).hasSizeGreaterThanOrEqualTo(440);
            assertThat(node.metric("parley_outage_replayed_total")).isGreaterThanOrEqualTo(450);
            assertThat(node.metric("parley_outage_queued")).isZero();
        }
    }

    /** More events of one conversation than the log remembers ids of. */
    private void queueLong(TestNode node) {
        String lines = IntStream.range(0, LONG)
                .mapToObj(n -> "{\"event\":\"agent.note\",\"event_id\":\"e" + n + "\",\"payload\":{\"n\":" + n + "}}")
                .collect(Collectors.joining("\n"));
        Answer answer = TestHttp.post(
                node.http("/v1/conversations/" + conversation + "/events"),
                TestHttp.NDJSON_TYPE,
                BodyPublishers.ofString(lines));
        assertThat(answer.status()).isEqualTo(202);
        assertThat(node.metric("parley_outage_queued")).isEqualTo(LONG);
    }

    @Test
    void aLongQueueWhoseReplayIsCutWithoutAnswersIsInTheLogOnceAndInOrder() {
        try (TestNode node = node("log.max-events", "100000")) {
            cut(node);
            queueLong(node);
            network.muteAt("\"e" + (LONG - 200) + "\"");
            network.mend();
            Await.until("the log has what was sent last", () -> logged().contains(LONG - 200));
            cut(node);
            network.mend();
            Await.until("nothing is queued", () -> node.metric("parley_outage_queued") == 0);
            assertThat(logged()).isEqualTo(numbers(LONG));
        }
    }

    @Test
    void aLongQueueThatIsReadFromTheDiskTwiceIsInTheLogOnceAndInOrder() throws IOException {
        Path file = directory.resolve("outage-queue.ndjson");
        try (TestNode node = node("log.max-events", "100000", "shutdown.drain", "200ms")) {
            cut(node);
            queueLong(node);
        }
        byte[] spilled = Files.readAllBytes(file);
        network.mend();
        for (int start = 0; start < 2; start++) {
            // The second one finds the file as if the first had been killed before it could delete it.
            Files.write(file, spilled);
            try (TestNode node = node("log.max-events", "100000")) {
                Await.until("the file has gone", () -> !Files.exists(file));
                assertThat(node.metric("parley_outage_queued")).isZero();
                assertThat(logged()).isEqualTo(numbers(LONG));
            }
        }
    }

    @Test
    void aSocketThatGoesToAnotherNodeSeesThemThereOnce() {
        try (TestNode node = node();
                TestNode other = TestNode.start()) {
            String position;
            try (TestSocket socket = follower(node)) {
                position =
                        socket.send(publish(0)).next("event").path("position").asText();
                cut(node);
                for (int n = 1; n <= 3; n++) {
                    assertThat(socket.send(publish(n))
                                    .next("event")
                                    .path("pending")
                                    .asBoolean())
                            .isTrue();
                }
            }
            try (TestSocket socket = TestSocket.welcomed(other.socket())) {
                socket.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + position + "'}");
                assertThat(socket.next("subscribed").path("resumed").asBoolean())
                        .isTrue();
                network.mend();
                for (int n = 1; n <= 3; n++) {
                    JsonNode event = socket.next("event");
                    assertThat(number(event)).isEqualTo(n);
                    assertThat(event.path("event_id").asText()).isEqualTo("e%s", n);
                    assertThat(event.has("position")).isTrue();
                }
                assertThat(logged()).isEqualTo(numbers(4));
                assertThat(socket.send("{'type':'ping'}").next().path("type").asText())
                        .isEqualTo("pong");
            }
        }
    }

    @Test
    void whoIsNewMeanwhileIsShownTheRecordAndThenWhatRedisHas() {
        String record = TestPostgres.newDatabase();
        try (TestNode node = node("postgres.url", record, "postgres.username", "postgres");
                TestSocket person = TestSocket.welcomed(node.socket())) {
            person.send("{'type':'send','ref':1,'conversation':'" + conversation
                            + "','content':'hello','message_id':'m1'}")
                    .next("ok");
            // Other tests' conversations are archived by this node, too; and the first of all comes with the tables.
            Await.until(
                    "it is archived",
                    () -> node.metric("parley_archive_messages_total") >= 1
                            && TestPostgres.messages(record, conversation) == 1);
            cut(node);
            try (TestSocket fresh = TestSocket.welcomed(node.socket());
                    TestSocket nobody = TestSocket.welcomed(node.socket())) {
                fresh.send("{'type':'subscribe','ref':2,'conversation':'" + conversation + "'}");
                JsonNode subscribed = fresh.next("subscribed");
                assertThat(subscribed.path("ref").asInt()).isEqualTo(2);
                assertThat(subscribed.path("resumed").asBoolean(true)).isFalse();
                assertThat(subscribed.has("position") || subscribed.has("gap")).isFalse();
                JsonNode recalled = fresh.next();
                assertThat(recalled.path("type").asText()).isEqualTo("snapshot");
                assertThat(recalled.has("position")).isFalse();
                assertThat(recalled.path("source").asText()).isEqualTo("archive");
                assertThat(recalled.at("/messages/0/content").asText()).isEqualTo("hello");
                assertThat(recalled.at("/session/message_count").asInt()).isEqualTo(1);

                person.send(publish(1)).next("ok");
                nobody.send("{'type':'subscribe','conversation':'" + conversation + "-none'}");
                assertThat(nobody.next("error").path("code").asText()).isEqualTo("unavailable");

                network.mend();
                JsonNode again = fresh.next("subscribed");
                assertThat(again.path("resumed").asBoolean(true)).isFalse();
                assertThat(again.at("/gap/reason").asText()).isEqualTo("archive");
                JsonNode snapshot = fresh.next("snapshot");
                assertThat(snapshot.path("position")).isEqualTo(again.path("position"));
                assertThat(snapshot.has("source")).isFalse();
                assertThat(snapshot.at("/messages/0/content").asText()).isEqualTo("hello");
                person.send(publish(2)).next("ok");
                JsonNode event = fresh.next("event");
                while (number(event) != 2) {
                    event = fresh.next("event");
                }
                assertThat(event.has("position")).isTrue();
            }
        }
    }

    @Test
    void whoComesBackMeanwhileGoesOnWithWhatIsPendingAndWhoIsNewIsToldToWait() {
        try (TestNode node = node()) {
            String position;
            try (TestSocket socket = follower(node)) {
                position =
                        socket.send(publish(0)).next("event").path("position").asText();
            }
            cut(node);
            try (TestSocket publisher = TestSocket.welcomed(node.socket());
                    TestSocket back = TestSocket.open(node.socket());
                    TestSocket fresh = TestSocket.welcomed(node.socket())) {
                publisher.send(publish(1)).next("ok");
                JsonNode welcome = back.next("welcome");
                assertThat(welcome.at("/status/redis").asText()).isEqualTo("degraded");
                back.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + position + "'}");
                JsonNode subscribed = back.next("subscribed");
                assertThat(subscribed.path("resumed").asBoolean()).isTrue();
                assertThat(subscribed.path("position").asText()).isEqualTo(position);
                assertThat(number(back.next("event"))).isEqualTo(1);
                publisher.send(publish(2)).next("ok");
                assertThat(number(back.next("event"))).isEqualTo(2);

                fresh.send("{'type':'subscribe','conversation':'" + conversation + "'}");
                JsonNode error = fresh.next("error");
                assertThat(error.path("code").asText()).isEqualTo("unavailable");
                assertThat(error.path("retry_ms").asInt()).isPositive();

                network.mend();
                assertThat(back.next("placed").path("event_id").asText()).isEqualTo("e1");
                assertThat(back.next("placed").path("event_id").asText()).isEqualTo("e2");
                fresh.send("{'type':'subscribe','conversation':'" + conversation + "'}");
                assertThat(fresh.next("snapshot").path("position").asText())
                        .isEqualTo(Kept.log(conversation).get(2).position());
            }
        }
    }

    @Test
    void messagesAreQueuedAndReachTheInboxOfTheAgentOfThatTime() {
        try (TestNode node = node();
                TestSocket socket = follower(node)) {
            cut(node);
            String send = "{'type':'send','conversation':'" + conversation + "','content':'%s','message_id':'%s'}";
            JsonNode ok = socket.send(send.formatted("one", "m1")).next("ok");
            assertThat(ok.path("queued").asBoolean()).isTrue();
            assertThat(ok.path("message_id").asText()).isEqualTo("m1");
            Answer answer = TestHttp.postJson(
                    node.http("/v1/conversations/" + conversation + "/messages"),
                    "{'content':'two','message_id':'m2'}");
            assertThat(answer.status()).isEqualTo(202);
            assertThat(answer.json().path("stored").asBoolean(true)).isFalse();
            assertThat(answer.json().path("message_id").asText()).isEqualTo("m2");
            socket.send("{'type':'cancel','conversation':'" + conversation + "','reason':'enough'}")
                    .next("ok");
            // Meanwhile somebody else handed the conversation over.
            try (TestNode other = TestNode.start("sessions.default-agent", AGENT)) {
                Answer handedOver = TestHttp.postJson(
                        other.http("/v1/conversations/" + conversation + "/events"),
                        "{'event':'agent.handoff.completed','payload':{'to':'" + conversation + "'}}");
                assertThat(handedOver.status()).isEqualTo(201);
            }
            network.mend();
            // The inbox is named after the conversation, so it is this test's own. Nobody joins to finish the way.
            Await.until(
                    "the inbox has all",
                    () -> Kept.inbox(conversation, conversation).size() == 3);
            assertThat(Kept.inbox(conversation, conversation))
                    .extracting(entry -> entry.get("type") + " " + entry.get("content"))
                    .containsExactly("message one", "message two", "cancel null");
            Await.until("no mark is left", () -> Kept.marks(conversation).isEmpty());
            assertThat(Kept.messages(conversation))
                    .extracting(message -> message.get("message_id"))
                    .containsExactly("m1", "m2");
        }
    }

    @Test
    void overHttpItIsA202AndEachLineHasItsOwnResult() {
        try (TestNode node = node()) {
            URI events = node.http("/v1/conversations/" + conversation + "/events");
            cut(node);
            Answer one = TestHttp.postJson(events, "{'event':'agent.note','event_id':'e0','payload':{'n':0}}");
            assertThat(one.status()).isEqualTo(202);
            assertThat(one.json().path("queued").asBoolean()).isTrue();
            assertThat(one.json().path("event_id").asText()).isEqualTo("e0");
            Answer lines = TestHttp.post(
                    events,
                    TestHttp.NDJSON_TYPE,
                    BodyPublishers.ofString(
                            "{\"event\":\"agent.note\",\"payload\":{\"n\":1}}\n{\"event\":\"agent.note\",\"payload\":{\"n\":2}}\n"),
                    "Idempotency-Key",
                    "k");
            assertThat(lines.status()).isEqualTo(202);
            assertThat(lines.json().path("stored").asBoolean(true)).isFalse();
            assertThat(lines.json().at("/events/1/queued").asBoolean()).isTrue();
            assertThat(lines.json().at("/events/1/event_id").asText()).isEqualTo("k.2");
            Answer ready = TestHttp.get(node.management("/health/ready"));
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.json().at("/checks/redis").asText()).isEqualTo("down");
            assertThat(ready.json().at("/reasons/redis").asText()).isNotEmpty();
            network.mend();
            Await.until("all are in the log", () -> logged().equals(numbers(3)));
        }
    }

    @Test
    void aFullQueueRefusesTheNewAndKeepsTheOld() {
        try (TestNode node = node("outage.queue", "64KiB")) {
            URI events = node.http("/v1/conversations/" + conversation + "/events");
            cut(node);
            int accepted = 0;
            Answer answer = TestHttp.postJson(events, "{'event':'agent.note','payload':{'n':0}}");
            while (answer.status() == 202) {
                accepted++;
                answer = TestHttp.postJson(events, "{'event':'agent.note','payload':{'n':" + accepted + "}}");
            }
            assertThat(accepted).isBetween(64, 128);
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.json().path("code").asText()).isEqualTo("overloaded");
            assertThat(answer.header("Retry-After")).isNotEmpty();
            assertThat(node.metric("parley_outage_overloaded_total")).isEqualTo(1);
            List<Integer> all = numbers(accepted);
            network.mend();
            Await.until("what was accepted is in the log", () -> logged().equals(all));
            Await.until(
                    "there is room again",
                    () -> TestHttp.postJson(events, "{'event':'agent.note','payload':{}}")
                                    .status()
                            == 201);
        }
    }

    @Test
    void anEventThatWaitsForTooLongClosesTheQueueForNewOnes() {
        try (TestNode node = node("outage.max-age", "1s")) {
            URI events = node.http("/v1/conversations/" + conversation + "/events");
            cut(node);
            assertThat(TestHttp.postJson(events, "{'event':'agent.note','payload':{'n':0}}")
                            .status())
                    .isEqualTo(202);
            Await.until(
                    "the queue is closed",
                    () -> TestHttp.postJson(events, "{'event':'agent.late','payload':{'n':-1}}")
                                    .status()
                            == 503);
            network.mend();
            Await.until(
                    "the first is in the log",
                    () -> logged().stream().filter(n -> n == 0).count() == 1);
        }
    }

    @Test
    void whatTheLogRefusesInTheEndIsTakenBackFromThoseWhoSawIt() {
        try (TestNode node = node();
                TestSocket socket = follower(node)) {
            socket.send(publish(0)).next("event");
            cut(node);
            assertThat(socket.send(publish(1)).next("event").path("pending").asBoolean())
                    .isTrue();
            String seen = "seen:conv:{" + conversation + "}";
            assertThat(TestRedis.commands().del(seen)).isEqualTo(1);
            assertThat(TestRedis.commands().set(seen, "no sorted set")).isEqualTo("OK");
            network.mend();
            assertThat(socket.next("subscribed").path("resumed").asBoolean(true))
                    .isFalse();
            assertThat(socket.next("snapshot").path("position").asText())
                    .isEqualTo(Kept.log(conversation).get(0).position());
            assertThat(node.metric("parley_outage_refused_total")).isEqualTo(1);
            assertThat(logged()).isEqualTo(numbers(1));
        }
    }

    @Test
    void anotherTenantsEventIsNeitherShownNorAppendedAndNobodyElseGetsIn() {
        try (TestNode node = node("auth.mode", "jwt", "auth.jwt.secret", SECRET)) {
            URI events = node.http("/v1/conversations/" + conversation + "/events");
            String[] acme = {"Authorization", "Bearer " + token("acme")};
            String[] other = {"Authorization", "Bearer " + token("other")};
            assertThat(TestHttp.postJson(events, "{'event':'agent.note','payload':{'n':0}}", acme)
                            .status())
                    .isEqualTo(201);
            try (TestSocket reader = TestSocket.authorized(node.socket(), token("acme"));
                    TestSocket second = TestSocket.authorized(node.socket(), token("acme"));
                    TestSocket stranger = TestSocket.authorized(node.socket(), token("other"))) {
                reader.send("{'type':'subscribe','conversation':'" + conversation + "'}");
                String position = reader.next("snapshot").path("position").asText();
                cut(node);
                assertThat(TestHttp.postJson(events, "{'event':'agent.evil','payload':{'n':-1}}", other)
                                .status())
                        .isEqualTo(202);
                assertThat(TestHttp.postJson(events, "{'event':'agent.note','payload':{'n':1}}", acme)
                                .status())
                        .isEqualTo(202);
                JsonNode pending = reader.next("event");
                assertThat(number(pending)).isEqualTo(1);

                String subscribe =
                        "{'type':'subscribe','conversation':'" + conversation + "','since':'" + position + "'}";
                assertThat(second.send(subscribe)
                                .next("subscribed")
                                .path("resumed")
                                .asBoolean())
                        .isTrue();
                assertThat(number(second.next("event"))).isEqualTo(1);
                assertThat(stranger.send(subscribe).next("error").path("code").asText())
                        .isEqualTo("unavailable");

                network.mend();
                assertThat(reader.next("placed").path("event_id")).isEqualTo(pending.path("event_id"));
                assertThat(logged()).isEqualTo(numbers(2));
                assertThat(node.metric("parley_outage_refused_total")).isEqualTo(1);
                assertThat(stranger.send(subscribe).next("error").path("code").asText())
                        .isEqualTo("not_found");
            }
        }
    }

    private static String token(String tenant) {
        return new TokenMint(SECRET.getBytes(StandardCharsets.UTF_8), Clock.systemUTC())
                .mint("anna", tenant, Set.of(Role.values()), Set.of(), Duration.ofHours(1));
    }

    @Test
    void aRedisThatTakesNothingForNowIsWaitedForInOrder() {
        try (EmbeddedRedis full = EmbeddedRedis.start();
                RedisClient client = RedisClient.create(full.uri());
                TestNode node = node("redis.uri", full.uri())) {
            RedisCommands<String, String> admin = client.connect().sync();
            assertThat(admin.configSet("maxmemory", "1")).isEqualTo("OK");
            URI events = node.http("/v1/conversations/" + conversation + "/events");
            for (int n = 0; n < 300; n++) {
                assertThat(TestHttp.postJson(events, "{'event':'agent.note','payload':{'n':" + n + "}}")
                                .status())
                        .isEqualTo(202);
            }
            assertThat(node.metric("parley_redis_up")).isEqualTo(1);
            assertThat(admin.configSet("maxmemory", "0")).isEqualTo("OK");
            Await.until("all are appended", () -> node.metric("parley_outage_queued") == 0);
            assertThat(admin.xrange("events:conv:{" + conversation + "}", Range.unbounded()).stream()
                            .map(entry -> Kept.json(
                                    Objects.requireNonNull(entry.getBody().get("e"))))
                            .map(event -> event.at("/payload/n").asInt())
                            .toList())
                    .isEqualTo(numbers(300));
            assertThat(TestHttp.postJson(events, "{'event':'agent.note','payload':{}}")
                            .status())
                    .isEqualTo(201);
        }
    }

    /** A Redis that can be read and takes nothing: what waits was shown to those who were there, and nothing overtakes it elsewhere. */
    @Test
    void whoJoinsBehindWhatWaitsIsShownThatBeforeAnythingNewer() {
        try (EmbeddedRedis full = EmbeddedRedis.start();
                RedisClient client = RedisClient.create(full.uri());
                TestNode node = node("redis.uri", full.uri());
                TestSocket there = follower(node)) {
            RedisCommands<String, String> admin = client.connect().sync();
            String first = there.send(publish(0)).next("event").path("position").asText();
            assertThat(admin.configSet("maxmemory", "1")).isEqualTo("OK");
            JsonNode waits = there.send(publish(1)).next("event");
            assertThat(number(waits)).isEqualTo(1);
            assertThat(waits.path("pending").asBoolean()).isTrue();
            try (TestSocket fresh = follower(node);
                    TestSocket back = TestSocket.welcomed(node.socket())) {
                back.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + first + "'}")
                        .next("subscribed");
                assertThat(number(there.send(publish(2)).next("event"))).isEqualTo(2);
                assertThat(admin.configSet("maxmemory", "0")).isEqualTo("OK");
                for (TestSocket late : List.of(fresh, back)) {
                    for (int n = 1; n <= 2; n++) {
                        JsonNode event = late.next("event");
                        assertThat(number(event)).isEqualTo(n);
                        assertThat(event.has("position")).isTrue();
                    }
                }
                assertThat(there.next("placed").path("event_id").asText()).isEqualTo("e1");
                assertThat(there.next("placed").path("event_id").asText()).isEqualTo("e2");
                assertThat(number(fresh.send(publish(3)).next("event"))).isEqualTo(3);
                assertThat(number(back.next("event"))).isEqualTo(3);
                assertThat(number(there.next("event"))).isEqualTo(3);
            }
        }
    }

    @Test
    void whatWaitsSinceBeforeAnybodyWasHereIsNotOvertaken() {
        try (EmbeddedRedis full = EmbeddedRedis.start();
                RedisClient client = RedisClient.create(full.uri());
                TestNode node = node("redis.uri", full.uri());
                TestSocket publisher = TestSocket.welcomed(node.socket())) {
            RedisCommands<String, String> admin = client.connect().sync();
            publisher.send(publish(0)).next("ok");
            assertThat(admin.configSet("maxmemory", "1")).isEqualTo("OK");
            assertThat(publisher.send(publish(1)).next("ok").path("queued").asBoolean())
                    .isTrue();
            try (TestSocket late = follower(node)) {
                assertThat(publisher.send(publish(2)).next("ok").path("queued").asBoolean())
                        .isTrue();
                assertThat(admin.configSet("maxmemory", "0")).isEqualTo("OK");
                assertThat(number(late.next("event"))).isEqualTo(1);
                assertThat(number(late.next("event"))).isEqualTo(2);
            }
        }
    }

    @Test
    void whatIsQueuedWhenTheNodeStopsIsTakenUpByTheNextStart() throws IOException {
        Path file = directory.resolve("outage-queue.ndjson");
        try (TestNode node = node("shutdown.drain", "200ms");
                TestSocket publisher = TestSocket.welcomed(node.socket())) {
            cut(node);
            for (int n = 0; n < 1_000; n++) {
                publisher.send(publish(n));
            }
            for (int n = 0; n < 1_000; n++) {
                assertThat(publisher.next("ok").path("queued").asBoolean()).isTrue();
            }
        }
        assertThat(Files.readAllLines(file)).hasSize(1_000);
        network.mend();
        try (TestNode node = node();
                TestSocket publisher = TestSocket.welcomed(node.socket())) {
            publisher.send(publish(1_000)).next("ok");
            Await.until("all are in the log", () -> logged().size() == 1_001);
            assertThat(logged()).isEqualTo(numbers(1_001));
            Await.until("the file has gone", () -> !Files.exists(file));
        }
        assertThat(logged()).hasSize(1_001);
    }

    @Test
    void whatDoesNotFitOnTheDiskIsToldByTheStop() throws IOException {
        Path blocked = Files.writeString(directory.resolve("file"), "in the way");
        try (TestNode node = node("data.directory", blocked.toString())) {
            cut(node);
            assertThat(TestHttp.postJson(
                                    node.http("/v1/conversations/" + conversation + "/events"),
                                    "{'event':'agent.note','payload':{}}")
                            .status())
                    .isEqualTo(202);
            assertThat(node.stop()).as("nothing is lost").isFalse();
        }
    }

    @Test
    void publishersAreAnsweredAtOnceAndALongQueueIsAppendedSoon() {
        int conversations = 100;
        int lines = 1_000;
        try (TestNode node = node("outage.queue", "256MiB", "http.max-body", "4MiB");
                TestSocket publisher = TestSocket.welcomed(node.socket())) {
            cut(node);
            long[] nanos = new long[5_000];
            for (int n = 0; n < nanos.length; n++) {
                String frame = publish(n);
                long before = System.nanoTime();
                publisher.send(frame).next("ok");
                nanos[n] = System.nanoTime() - before;
            }
            Arrays.sort(nanos, 1_000, nanos.length);
            double p99 = nanos[1_000 + (nanos.length - 1_000) * 99 / 100] / 1e6;
            System.out.printf(
                    Locale.ROOT, "publish while Redis is away: p99 %.2f ms of %,d%n", p99, nanos.length - 1_000);
            assertThat(p99)
                    .isLessThan((double) Patience.of(Duration.ofMillis(50)).toMillis());

            for (int i = 0; i < conversations; i++) {
                String body = IntStream.range(0, lines)
                        .mapToObj(n -> "{\"event\":\"agent.note\",\"payload\":{\"n\":" + n + "}}")
                        .collect(Collectors.joining("\n"));
                Answer answer = TestHttp.post(
                        node.http("/v1/conversations/" + conversation + "-" + i + "/events"),
                        TestHttp.NDJSON_TYPE,
                        BodyPublishers.ofString(body));
                assertThat(answer.status()).isEqualTo(202);
            }
            double queued = node.metric("parley_outage_queued");
            assertThat(queued).isEqualTo(conversations * lines + nanos.length);
            network.mend();
            Await.until("the gate closes", () -> node.metric("parley_redis_up") == 1);
            long before = System.nanoTime();
            Await.until("all is appended", () -> node.metric("parley_outage_queued") == 0);
            double seconds = (System.nanoTime() - before) / 1e9;
            System.out.printf(Locale.ROOT, "%,.0f queued events in their logs after %.2f s%n", queued, seconds);
            for (int i = 0; i < conversations; i++) {
                assertThat(TestRedis.commands().hget("meta:conv:{" + conversation + "-" + i + "}", "log"))
                        .endsWith(" " + lines);
            }
            assertThat(seconds).isLessThan((double) Patience.ofSeconds(30).toSeconds());
        }
    }
}
