package dev.parley.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import io.lettuce.core.KillArgs;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The agent alone with Redis: the test is the gateway and the person. */
final class DemoAgentIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration FAST = Duration.ofMillis(1);
    private static final String HELLO =
            ((Turn.Say) ScriptedAnswers.answer("triage", "hello").get(0).steps().get(0)).text();

    private EmbeddedRedis server = EmbeddedRedis.start();
    private final RedisClient client = RedisClient.create(server.uri());
    private final StatefulRedisConnection<String, String> connection = client.connect();
    private final RedisCommands<String, String> redis = connection.sync();
    private int asked;
    private DemoAgent agent = new DemoAgent(server.uri(), "", FAST, FAST);

    @AfterEach
    void close() {
        agent.dispose();
        client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
        server.stop();
    }

    private record Event(String id, String name, JsonNode payload) {

        static Event of(StreamMessage<String, String> entry) {
            Map<String, String> fields = entry.getBody();
            assertThat(fields).containsOnlyKeys("event", "payload", "timestamp", "event_id");
            try {
                return new Event(
                        fields.getOrDefault("event_id", ""),
                        fields.getOrDefault("event", ""),
                        JSON.readTree(fields.get("payload")));
            } catch (JsonProcessingException e) {
                throw new AssertionError(e);
            }
        }

        String text(String field) {
            return payload.path(field).asText();
        }

        String run() {
            return text("run");
        }

        boolean isEnd() {
            return name.startsWith("agent.run.") && !name.equals("agent.run.started");
        }
    }

    @Test
    void aMessageIsAnsweredByOneRunAndThenAcknowledged() {
        agent.open();
        ask("triage", "c-1", "hello");
        List<Event> events = awaitEnds("c-1", 1);
        assertThat(events).first().extracting(Event::name).isEqualTo("agent.run.started");
        assertThat(events).last().extracting(Event::name).isEqualTo("agent.run.completed");
        assertThat(events).extracting(Event::run).containsOnly(events.get(0).run());
        assertThat(events).extracting(event -> event.text("agent")).containsOnly("triage");
        assertThat(events)
                .extracting(event -> event.text("message_id"))
                .containsOnly(events.get(0).text("message_id"))
                .doesNotContain("", "m-1");
        assertThat(events).extracting(Event::id).doesNotHaveDuplicates();
        assertThat(said(events)).isEqualTo(HELLO);
        awaitAcknowledged("triage");
    }

    @Test
    void aQuestionOfMoneyIsHandedOverAndFinishedByBilling() {
        agent.open();
        ask("triage", "c-1", "What is on invoice INV-77?");
        List<Event> events = awaitEnds("c-1", 2);
        assertThat(events.stream().map(Event::name).distinct())
                .containsExactly(
                        "agent.run.started",
                        "agent.response.streaming",
                        "agent.handoff.completed",
                        "agent.run.completed",
                        "agent.tool.started",
                        "agent.tool.completed");
        Event handoff = only(events, "agent.handoff.completed");
        assertThat(handoff.text("from")).isEqualTo("triage");
        assertThat(handoff.text("to")).isEqualTo("billing_agent");
        Event tool = only(events, "agent.tool.started");
        assertThat(tool.text("tool")).isEqualTo("lookup_invoice");
        assertThat(only(events, "agent.tool.completed").text("tool_call_id")).isEqualTo(tool.text("tool_call_id"));
        assertThat(events.stream().map(Event::run).distinct()).hasSize(2);
        assertThat(ends("c-1")).extracting(event -> event.text("agent")).containsExactly("triage", "billing_agent");
        awaitAcknowledged("triage");
    }

    @Test
    void whatIsInBillingsInboxIsAnsweredByBilling() {
        agent.open();
        ask("billing_agent", "c-1", "And the refund?");
        assertThat(awaitEnds("c-1", 1)).extracting(event -> event.text("agent")).containsOnly("billing_agent");
        awaitAcknowledged("billing_agent");
    }

    @Test
    void aCancelOnTheControlChannelStopsTheRunThatItNames() {
        slow();
        ask("triage", "c-1", "hello");
        ask("triage", "c-2", "hello");
        awaitChunk("c-2", 1);
        String cancel = "{\"event\":\"user.cancel\",\"payload\":{\"conversation_id\":\"c-1\",\"run\":\"%s\"}}"
                .formatted(awaitChunk("c-1", 1).run());
        assertThat(redis.publish("control:conv:{c-1}", cancel)).isEqualTo(1);
        Event end = only(awaitEnds("c-1", 1), "agent.run.failed");
        assertThat(end.text("reason")).isEqualTo("cancelled");
        awaitMore("c-2");
        assertThat(ends("c-2")).isEmpty();
        Await.until("the cancelled one to be acknowledged", () -> pending("triage") == 1);
    }

    @Test
    void aCancelThatNamesTheRunBeforeTheHandOffStopsTheOneBehindIt() {
        slow();
        ask("triage", "c-1", "my invoice");
        String first = awaitChunk("c-1", 1).run();
        awaitChunk("c-1", 2);
        cancel("billing_agent", "c-1", "2-0", Map.of("run", first));
        assertThat(awaitEnds("c-1", 2).stream().filter(Event::isEnd))
                .extracting(Event::name)
                .containsExactly("agent.run.completed", "agent.run.failed");
    }

    @Test
    void aCancelInTheInboxStopsWhatWasAskedBeforeItAndNothingElse() {
        slow();
        ask("triage", "c-1", "hello");
        awaitChunk("c-1", 1);
        cancel("triage", "c-1", "1-11", Map.of());
        assertThat(awaitEnds("c-1", 1)).last().extracting(Event::name).isEqualTo("agent.run.failed");
        ask("triage", "c-1", "hello again");
        awaitChunk("c-1", 2);
        cancel("triage", "c-1", "1-12", Map.of());
        Await.until("the late cancel to be acknowledged", () -> pending("triage") == 1);
        awaitMore("c-1");
        assertThat(ends("c-1")).hasSize(1);
    }

    @Test
    void severalConversationsAreAnsweredAtOnce() {
        slow();
        List<String> conversations = List.of("c-1", "c-2", "c-3", "c-4", "c-5");
        conversations.forEach(id -> ask("triage", id, "hello"));
        conversations.forEach(id -> awaitChunk(id, 1));
        assertThat(conversations).allSatisfy(id -> assertThat(ends(id)).isEmpty());
    }

    @Test
    void anAnswerThatWasCutOffIsGivenAnewByTheNextProcess() {
        slow();
        ask("triage", "c-1", "hello");
        String first = awaitChunk("c-1", 1).run();
        agent.dispose();
        assertThat(pending("triage")).isEqualTo(1);
        agent = new DemoAgent(server.uri(), "", FAST, FAST);
        agent.open();
        assertThat(awaitEnds("c-1", 1)).last().extracting(Event::run).isNotEqualTo(first);
        awaitAcknowledged("triage");
    }

    @Test
    void lostConnectionsCostNoWordAndAnswerNothingTwice() {
        slow();
        ask("triage", "c-1", "hello");
        awaitChunk("c-1", 1);
        long killed = redis.clientKill(KillArgs.Builder.skipme());
        assertThat(killed)
                .as("its own connection, one for each inbox and the one for cancels")
                .isEqualTo(4);
        Map<String, Event> asTheGatewaySeesThem = new LinkedHashMap<>();
        awaitEnds("c-1", 1).forEach(event -> asTheGatewaySeesThem.putIfAbsent(event.id(), event));
        assertThat(said(asTheGatewaySeesThem.values())).isEqualTo(HELLO);
        awaitAcknowledged("triage");
        ask("triage", "c-2", "hello");
        awaitChunk("c-2", 1);
        assertThat(ends("c-1")).hasSize(1);
    }

    @Test
    void itComesBackToARedisThatHasForgottenEverything() {
        agent.open();
        ask("triage", "c-1", "hello");
        awaitEnds("c-1", 1);
        awaitAcknowledged("triage");
        assertThat(redis.flushall()).isEqualTo("OK");
        ask("triage", "c-2", "hello");
        assertThat(said(awaitEnds("c-2", 1))).isEqualTo(HELLO);
    }

    @Test
    void itWaitsForARedisThatIsNotThereYet() {
        agent.dispose();
        server.stop();
        agent = new DemoAgent(server.uri(), "", FAST, FAST);
        agent.open();
        server = EmbeddedRedis.start(server.port(), List.of());
        Await.until("the group", () -> groups() == 1);
        ask("triage", "c-1", "hello");
        assertThat(said(awaitEnds("c-1", 1))).isEqualTo(HELLO);
    }

    private int groups() {
        try {
            return redis.exists("agent:inbox:triage").intValue();
        } catch (RedisException e) {
            return 0;
        }
    }

    private void slow() {
        agent.dispose();
        agent = new DemoAgent(server.uri(), "", Duration.ofMillis(40), Duration.ofMillis(60));
        agent.open();
    }

    private void ask(String inbox, String conversation, String content) {
        asked++;
        add(
                inbox,
                Map.of("type", "message", "message_id", "m-" + asked, "content", content),
                conversation,
                asked + "-10");
    }

    /** @param position of the cancel in the log; the n-th message that was asked stands at n-10 */
    private void cancel(String inbox, String conversation, String position, Map<String, String> more) {
        Map<String, String> fields = new HashMap<>(more);
        fields.put("type", "cancel");
        add(inbox, fields, conversation, position);
    }

    private void add(String inbox, Map<String, String> more, String conversation, String position) {
        Map<String, String> fields = new HashMap<>(more);
        fields.putAll(Map.of(
                "conversation_id", conversation, "tenant_id", "default", "metadata", "{}", "position", position));
        assertThat(redis.xadd("agent:inbox:" + inbox, fields)).isNotNull();
    }

    private List<Event> events(String conversation) {
        return redis.xrange("agent:events:stream", Range.unbounded()).stream()
                .map(Event::of)
                .filter(event -> event.text("conversation_id").equals(conversation))
                .toList();
    }

    private List<Event> ends(String conversation) {
        return events(conversation).stream().filter(Event::isEnd).toList();
    }

    /** All events, once there are so many ends of runs among them. */
    @CanIgnoreReturnValue
    private List<Event> awaitEnds(String conversation, int count) {
        Await.until(
                count + " runs of " + conversation + " to end",
                () -> ends(conversation).size() >= count);
        assertThat(ends(conversation)).hasSize(count);
        return events(conversation);
    }

    /** A piece of the text of a conversation's n-th run. */
    @CanIgnoreReturnValue
    private Event awaitChunk(String conversation, int run) {
        Await.until(
                "run " + run + " of " + conversation,
                () -> chunks(conversation).map(Event::run).distinct().count() >= run);
        return chunks(conversation).reduce((first, second) -> second).orElseThrow();
    }

    private Stream<Event> chunks(String conversation) {
        return events(conversation).stream().filter(event -> event.name().equals("agent.response.streaming"));
    }

    private void awaitMore(String conversation) {
        int before = events(conversation).size();
        Await.until(conversation + " to go on", () -> events(conversation).size() > before + 3);
    }

    private void awaitAcknowledged(String inbox) {
        Await.until("everything to be acknowledged", () -> pending(inbox) == 0);
    }

    private long pending(String inbox) {
        return redis.xpending("agent:inbox:" + inbox, inbox).getCount();
    }

    private static String said(Collection<Event> events) {
        return events.stream().map(event -> event.text("chunk")).collect(Collectors.joining());
    }

    private static Event only(List<Event> events, String name) {
        List<Event> found =
                events.stream().filter(event -> event.name().equals(name)).toList();
        assertThat(found).as(name).hasSize(1);
        return found.get(0);
    }
}
