package dev.parley.inbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What was asked before is answered without the agent, on two nodes; each test asks a question of its own. */
class InlineCacheIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";
    private static final String AGENT = "inline-agent";
    private static final String FAQ = "faq-agent";

    private static LogWatch log;
    private static TestNode node;
    private static TestNode other;

    private final String tenant = "inline-" + Ids.random();
    private final String question = "How do I open box " + Ids.random() + "?";

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = start("one");
        other = start("two");
    }

    private static TestNode start(String name) {
        return start(name, TestRedis.uri());
    }

    private static TestNode start(String name, String redis) {
        return TestNode.start(
                "redis.uri",
                redis,
                "auth.mode",
                "jwt",
                "auth.jwt.secret",
                SECRET,
                "node",
                name,
                "sessions.default-agent",
                AGENT,
                "cache.agents",
                FAQ + "=faq");
    }

    @AfterEach
    void nothingWentWrong() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        other.close();
        log.close();
    }

    /** @param conversations that it names */
    private static String token(String tenant, String... conversations) {
        return new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint("somebody", tenant, Set.of(Role.USER, Role.AGENT), Set.of(conversations), Duration.ofHours(1));
    }

    private Answer post(TestNode to, String conversation, String what, String json) {
        return post(to, token(tenant), conversation, what, json);
    }

    private static Answer post(TestNode to, String token, String conversation, String what, String json) {
        return TestHttp.send(
                "POST",
                to.http("/v1/conversations/" + conversation + "/" + what),
                BodyPublishers.ofString(json.replace('\'', '"')),
                "Content-Type",
                "application/json",
                "Authorization",
                "Bearer " + token);
    }

    /** Sends the question, and says in which conversation. */
    private String ask(TestNode to, String more) {
        String conversation = "inline-" + Ids.random();
        say(to, conversation, question, more);
        return conversation;
    }

    private void say(TestNode to, String conversation, String content, String more) {
        Answer answer = post(to, conversation, "messages", "{'content':'" + content + "'" + more + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    }

    /** What an agent publishes of a run. */
    private void publish(TestNode to, String conversation, String event, String payload) {
        assertThat(post(to, conversation, "events", "{'event':'" + event + "','payload':{'run':'r1'," + payload + "}}")
                        .status())
                .isEqualTo(201);
    }

    private void answer(TestNode to, String conversation, String agent, String text) {
        publish(to, conversation, "agent.response.streaming", "'agent':'" + agent + "','chunk':'" + text + "'");
        publish(to, conversation, "agent.response.completed", "'agent':'" + agent + "'");
    }

    /** Asks until the answer comes from the cache, as it does soon. */
    @CanIgnoreReturnValue
    private String askUntilKnown(TestNode to) {
        String[] asked = new String[1];
        Await.until("the answer is kept", () -> {
            asked[0] = ask(to, ",'cache':{'category':'faq'}");
            return inbox(AGENT, asked[0]).isEmpty();
        });
        return asked[0];
    }

    private static List<Map<String, String>> inbox(String agent, String conversation) {
        return Kept.inbox(agent, conversation);
    }

    private static List<String> types(String conversation) {
        return Kept.events(conversation).stream()
                .map(event -> event.path("event").asText())
                .toList();
    }

    /** A Redis that can be read and takes nothing, and then takes everything again while the lane still waits to try. */
    @Test
    void whatIsQueuedComesBeforeAnAnswerFromTheCacheAndBeforeAChangeOfTheSession() {
        String cached = ",'cache':{'category':'faq'}";
        try (EmbeddedRedis full = EmbeddedRedis.start();
                RedisClient client = RedisClient.create(full.uri());
                TestNode alone = start("alone", full.uri())) {
            RedisCommands<String, String> admin = client.connect().sync();
            String first = ask(alone, cached);
            answer(alone, first, AGENT, "So");
            Await.until("the answer is kept", () -> admin.xlen("messages:conv:{" + ask(alone, cached) + "}") == 2);
            String conversation = "inline-" + Ids.random();
            assertThat(create(alone, conversation).status()).isEqualTo(201);

            assertThat(admin.configSet("maxmemory", "1")).isEqualTo("OK");
            assertThat(post(alone, conversation, "messages", "{'content':'before','message_id':'m1'}")
                            .status())
                    .isEqualTo(202);
            // The same where nothing waits yet, but nothing is taken either.
            String fresh = "inline-" + Ids.random();
            assertThat(post(alone, fresh, "messages", "{'content':'" + question + "'" + cached + "}")
                            .status())
                    .isEqualTo(202);
            // Its tries are more than a second apart by now.
            Await.pass(Duration.ofSeconds(4));
            assertThat(admin.configSet("maxmemory", "0")).isEqualTo("OK");
            Answer change = appendToSession(alone, conversation);
            Answer asked = post(
                    alone, conversation, "messages", "{'content':'" + question + "','message_id':'m2'" + cached + "}");
            assertThat(asked.status()).isBetween(201, 202);
            Await.until("nothing is queued", () -> alone.metric("parley_outage_queued") == 0);
            assertThat(change.status()).as(change.body()).isIn(201, 503);
            assertThat(admin.xrange("messages:conv:{" + conversation + "}", Range.unbounded()).stream()
                            .map(message -> message.getBody().get("content")))
                    .startsWith("\"before\"")
                    .endsWith("\"" + question + "\"");
            assertThat(admin.xlen("messages:conv:{" + fresh + "}")).isEqualTo(1);
        }
    }

    private Answer create(TestNode to, String conversation) {
        return sessions(to, "", "{'conversation':'" + conversation + "'}");
    }

    private Answer appendToSession(TestNode to, String conversation) {
        return sessions(to, "/" + conversation + "/messages", "{'role':'assistant','content':'beside'}");
    }

    private Answer sessions(TestNode to, String path, String json) {
        return TestHttp.postJson(to.http("/v1/sessions" + path), json, "Authorization", "Bearer " + token(tenant));
    }

    @Test
    void aFirstQuestionThatWasAnsweredBeforeIsNotAskedAgain() {
        String first = ask(node, ",'cache':{'category':'faq'}");
        assertThat(inbox(AGENT, first)).hasSize(1);
        answer(other, first, AGENT, "With \\u00e9lan \\uD83D\\uDE00");
        String again = askUntilKnown(other);
        assertThat(types(again))
                .containsExactly(
                        "user.message", "agent.run.started", "agent.response.streaming", "agent.response.completed");
        assertThat(Kept.events(again).subList(1, 4)).allSatisfy(event -> {
            assertThat(event.at("/payload/cached").asBoolean()).isTrue();
            assertThat(event.at("/payload/agent").asText()).isEqualTo(AGENT);
            assertThat(event.at("/payload/run").asText()).startsWith("cached-");
        });
        JsonNode started = Kept.events(again).get(1).at("/payload/cache");
        assertThat(started.path("kind").asText()).isEqualTo("exact");
        assertThat(started.path("entry").asText()).matches("[0-9a-f]{64}");
        assertThat(started.path("age_ms").asLong()).isNotNegative();
        assertThat(Kept.messages(again))
                .extracting(
                        message -> message.get("role"),
                        message -> Kept.json(Objects.requireNonNull(message.get("content")))
                                .asText())
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("user", question),
                        org.assertj.core.groups.Tuple.tuple("assistant", "With élan 😀"));
        assertThat(Kept.marks(again)).isEmpty();
        // It goes to the agent from here on.
        say(node, again, question, ",'cache':{'category':'faq'}");
        assertThat(inbox(AGENT, again)).hasSize(1);
    }

    @Test
    void whoFollowsSeesTheRunAtOnce() {
        answer(node, ask(node, ",'cache':{'category':'faq'}"), AGENT, "Pull.");
        askUntilKnown(node);
        String conversation = "inline-" + Ids.random();
        publish(node, conversation, "agent.note", "'agent':'" + AGENT + "'");
        try (TestSocket socket = TestSocket.authorized(other.socket(), token(tenant))) {
            socket.next("welcome");
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            socket.send("{'type':'send','conversation':'" + conversation + "','content':'" + question
                    + "','message_id':'m1','cache':{'category':'faq'}}");
            List<JsonNode> events =
                    List.of(socket.next("event"), socket.next("event"), socket.next("event"), socket.next("event"));
            assertThat(events.get(2).at("/event/payload/chunk").asText()).isEqualTo("Pull.");
        }
    }

    @Test
    void theSameMessageSentAgainIsAnsweredOnce() {
        answer(node, ask(node, ",'cache':{'category':'faq'}"), AGENT, "Pull.");
        askUntilKnown(node);
        String conversation = "inline-" + Ids.random();
        for (int i = 0; i < 3; i++) {
            say(i == 1 ? other : node, conversation, question, ",'message_id':'m1','cache':{'category':'faq'}");
        }
        assertThat(types(conversation)).hasSize(4);
        assertThat(inbox(AGENT, conversation)).isEmpty();
        assertThat(Kept.marks(conversation)).isEmpty();
    }

    @Test
    void ofTwoFirstMessagesAtTheSameMomentOneIsAnsweredAndTheOtherIsForTheAgent() {
        answer(node, ask(node, ",'cache':{'category':'faq'}"), AGENT, "Pull.");
        askUntilKnown(node);
        for (int i = 0; i < 20; i++) {
            String conversation = "inline-" + Ids.random();
            CompletableFuture.allOf(Stream.of(node, other)
                            .map(to -> CompletableFuture.runAsync(
                                    () -> say(to, conversation, question, ",'cache':{'category':'faq'}")))
                            .toArray(CompletableFuture[]::new))
                    .join();
            assertThat(types(conversation))
                    .filteredOn("agent.run.started"::equals)
                    .hasSizeLessThan(2);
            assertThat(types(conversation)).filteredOn("user.message"::equals).hasSize(2);
            int answered = (int) types(conversation).stream()
                    .filter("agent.run.started"::equals)
                    .count();
            assertThat(inbox(AGENT, conversation)).hasSize(2 - answered);
        }
    }

    @Test
    void aLongAnswerComesWhole() {
        String text = "one to ten äöü 😀 ".repeat(3_000);
        String first = ask(node, ",'cache':{'category':'faq'}");
        for (int from = 0; from < text.length(); from += 18 * 250) {
            publish(
                    node,
                    first,
                    "agent.response.streaming",
                    "'agent':'" + AGENT + "','chunk':'" + text.substring(from, Math.min(text.length(), from + 18 * 250))
                            + "'");
        }
        publish(node, first, "agent.response.completed", "'agent':'" + AGENT + "'");
        String again = askUntilKnown(node);
        assertThat(Kept.events(again).stream()
                        .map(event -> event.at("/payload/chunk").asText())
                        .collect(Collectors.joining()))
                .isEqualTo(text);
    }

    @Test
    void anAgentMayBeSetToHaveItsAnswersKept() {
        String first = "inline-" + Ids.random();
        handOver(first);
        say(node, first, question, "");
        assertThat(inbox(FAQ, first)).hasSize(1);
        answer(node, first, FAQ, "Push.");
        String[] again = new String[1];
        Await.until("the answer is kept", () -> {
            again[0] = "inline-" + Ids.random();
            handOver(again[0]);
            say(other, again[0], question, "");
            return inbox(FAQ, again[0]).isEmpty();
        });
        assertThat(types(again[0])).endsWith("agent.response.completed");
        String not = "inline-" + Ids.random();
        handOver(not);
        say(other, not, question, ",'cache':{'category':'none'}");
        assertThat(inbox(FAQ, not)).hasSize(1);
    }

    private void handOver(String conversation) {
        publish(node, conversation, "agent.handoff.completed", "'agent':'" + AGENT + "','to':'" + FAQ + "'");
    }

    /** What must not be kept: proved by a question that was kept after it. */
    @ParameterizedTest
    @ValueSource(strings = {"tool", "failed", "hand-off", "other agent", "two messages", "metadata", "uncached", "pii"})
    void whatMayNotHoldForOthersIsNotKept(String what) {
        String cached = ",'cache':{'category':'faq'}";
        String first = switch (what) {
            case "metadata" -> ask(node, cached + ",'metadata':{'tier':'gold'}");
            case "uncached" -> ask(node, "");
            default -> ask(node, cached);
        };
        switch (what) {
            case "tool" -> {
                publish(node, first, "agent.tool.started", "'agent':'" + AGENT + "','tool':'clock'");
                publish(node, first, "agent.tool.completed", "'agent':'" + AGENT + "','tool':'clock'");
            }
            case "hand-off" ->
                publish(node, first, "agent.handoff.completed", "'agent':'" + AGENT + "','to':'" + FAQ + "'");
            case "two messages" -> say(node, first, "And the lid?", "");
            default -> {}
        }
        if (what.equals("failed")) {
            publish(node, first, "agent.response.streaming", "'agent':'" + AGENT + "','chunk':'Pu'");
            publish(node, first, "agent.run.failed", "'agent':'" + AGENT + "'");
        } else {
            boolean another = what.equals("other agent") || what.equals("hand-off");
            answer(node, first, another ? FAQ : AGENT, what.equals("pii") ? "Write to bob@example.org" : "Pull.");
        }
        String marker = "How do I open tin " + Ids.random() + "?";
        String known = "inline-" + Ids.random();
        say(node, known, marker, cached);
        answer(node, known, AGENT, "With a key.");
        Await.until("a later answer is kept", () -> {
            String later = "inline-" + Ids.random();
            say(node, later, marker, cached);
            return inbox(AGENT, later).isEmpty();
        });
        assertThat(inbox(AGENT, ask(other, cached))).hasSize(1);
    }

    @Test
    void aSessionThatKnowsSomethingIsNotAnsweredFromTheCache() {
        answer(node, ask(node, ",'cache':{'category':'faq'}"), AGENT, "Pull.");
        askUntilKnown(node);
        String conversation = "inline-" + Ids.random();
        Answer created = TestHttp.send(
                "POST",
                node.http("/v1/sessions"),
                BodyPublishers.ofString("{\"conversation\":\"" + conversation + "\",\"tenant_id\":\"" + tenant
                        + "\",\"context\":{\"customer\":{\"tier\":\"gold\"}}}"),
                "Content-Type",
                "application/json",
                "Authorization",
                "Bearer " + token(tenant));
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        say(node, conversation, question, ",'cache':{'category':'faq'}");
        assertThat(inbox(AGENT, conversation)).hasSize(1);
    }

    @Test
    void anotherTenantIsNeverAnsweredWithIt() {
        answer(node, ask(node, ",'cache':{'category':'faq'}"), AGENT, "Pull.");
        askUntilKnown(node);
        String conversation = "inline-" + Ids.random();
        asAnother(token("other-" + Ids.random()), conversation);
        assertThat(inbox(AGENT, conversation)).hasSize(1);
    }

    private void asAnother(String token, String conversation) {
        Answer sent = post(
                node, token, conversation, "messages", "{'content':'" + question + "','cache':{'category':'faq'}}");
        assertThat(sent.status()).as(sent.body()).isEqualTo(201);
    }

    @Test
    void anAnswerStaysWithTheTenantOfTheConversationWhoeverIsNamedInTheToken() {
        String others = "other-" + Ids.random();
        String theirs = "inline-" + Ids.random();
        assertThat(post(node, token(others), theirs, "events", "{'event':'agent.note','payload':{}}")
                        .status())
                .isEqualTo(201);
        answer(node, ask(node, ",'cache':{'category':'faq'}"), AGENT, "Pull.");
        askUntilKnown(node);
        // What this tenant knows is not told there.
        asAnother(token(tenant, theirs), theirs);
        assertThat(inbox(AGENT, theirs)).hasSize(1);
        assertThat(types(theirs)).containsExactly("agent.note", "user.message");
        // What is answered there is known there: to whoever is let in.
        String answer = "{'event':'agent.response.%s','payload':{'run':'r1','agent':'" + AGENT + "','chunk':'Push.'}}";
        for (String event : List.of("streaming", "completed")) {
            assertThat(post(node, token(others), theirs, "events", answer.formatted(event))
                            .status())
                    .isEqualTo(201);
        }
        Await.until("the answer is kept", () -> {
            String again = "inline-" + Ids.random();
            assertThat(post(node, token(others), again, "events", "{'event':'agent.note','payload':{}}")
                            .status())
                    .isEqualTo(201);
            asAnother(token(tenant, again), again);
            return inbox(AGENT, again).isEmpty()
                    && Kept.events(again).stream()
                            .anyMatch(
                                    event -> event.at("/payload/chunk").asText().equals("Push."));
        });
        assertThat(Kept.events(ask(node, ",'cache':{'category':'faq'}")))
                .anySatisfy(
                        event -> assertThat(event.at("/payload/chunk").asText()).isEqualTo("Pull."));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'category':'faqs'}|cache.category must be one of",
                "{'category':1}|cache.category must be a string",
                "{}|cache.category must be a string",
                "'faq'|cache must be"
            },
            quoteCharacter = '~')
    void whatIsNoCategoryIsRefused(String cache, String says) {
        Answer answer = post(
                node, "inline-" + Ids.random(), "messages", "{'content':'" + question + "','cache':" + cache + "}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains(says);
    }
}
