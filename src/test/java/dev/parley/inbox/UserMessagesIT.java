package dev.parley.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import io.lettuce.core.Consumer;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What people say reaches the log, the session and the agent's inbox, each once and in order, whatever happens on the way. */
class UserMessagesIT {

    private static final String AGENT = "inbound-agent";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static LogWatch log;
    private static TestNode node;

    private final String conversation = "inbound-" + Ids.random();

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = TestNode.start("sessions.default-agent", AGENT);
    }

    @AfterEach
    void nothingWentWrongInTheNode() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        log.close();
    }

    private static TestSocket socket() {
        return TestSocket.welcomed(node.socket());
    }

    private JsonNode send(TestSocket socket, String content, String messageId) {
        socket.send(frame(conversation, content, messageId));
        JsonNode ok = socket.next("ok");
        assertThat(ok.path("stored").asBoolean()).isTrue();
        assertThat(ok.path("message_id").asText()).isEqualTo(messageId);
        return ok;
    }

    private static String frame(String conversation, String content, String messageId) {
        return "{'type':'send','conversation':'" + conversation + "','content':'" + content + "','message_id':'"
                + messageId + "'}";
    }

    private List<Map<String, String>> inbox() {
        return Kept.inbox(AGENT, conversation);
    }

    private List<String> logged() {
        return Kept.events(conversation).stream()
                .map(event -> event.at("/payload/content").asText())
                .toList();
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }

    private void assertThereOnce(String content) {
        assertThat(logged()).containsExactly(content);
        assertThat(Kept.messages(conversation)).hasSize(1);
        assertThat(inbox()).extracting(entry -> entry.get("content")).containsExactly(content);
        assertThat(Kept.marks(conversation)).isEmpty();
    }

    // Once.

    @Test
    void theSameMessageSentAgainIsThereOnceAndHasItsPosition() {
        try (TestSocket one = socket();
                TestSocket other = socket()) {
            String first = send(one, "hello", "m1").path("position").asText();
            assertThat(send(one, "hello", "m1").path("position").asText()).isEqualTo(first);
            assertThat(send(other, "something else", "m1").path("position").asText())
                    .isEqualTo(first);
            assertThereOnce("hello");
            assertThat(inbox().get(0)).containsEntry("position", first);
        }
    }

    @Test
    void theSameMessageSentManyTimesAtOnceIsThereOnce() {
        try (TestSocket one = socket();
                TestSocket other = socket()) {
            for (int i = 0; i < 20; i++) {
                one.send(frame(conversation, "hello", "m1"));
                other.send(frame(conversation, "hello", "m1"));
            }
            Set<String> positions = new HashSet<>();
            for (int i = 0; i < 20; i++) {
                positions.add(one.next("ok").path("position").asText());
                positions.add(other.next("ok").path("position").asText());
            }
            assertThat(positions).hasSize(1);
            assertThereOnce("hello");
        }
    }

    @Test
    void contentPartsArriveAsTheyWereWritten() {
        String parts =
                "[{'type':'text','text':'What is \\u00e9'},{'type':'image_url','image_url':{'url':'https://a/b.png'}},"
                        + "{'type':'text','text':'this?'}]";
        JsonNode expected = Kept.json(parts.replace('\'', '"'));
        try (TestSocket socket = socket()) {
            socket.send("{'type':'send','ref':1,'conversation':'" + conversation + "','content':" + parts + "}");
            assertThat(socket.next().path("type").asText()).isEqualTo("ok");
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}");
            assertThat(socket.next("snapshot").at("/messages/0/content")).isEqualTo(expected);
        }
        assertThat(Kept.events(conversation).get(0).at("/payload/content")).isEqualTo(expected);
        Map<String, String> letter = inbox().get(0);
        assertThat(letter).containsEntry("content", "What is é\nthis?");
        assertThat(Kept.json(Objects.requireNonNull(letter.get("parts")))).isEqualTo(expected);
    }

    @Test
    void theSameIdInTwoConversationsIsTwoMessages() {
        String second = conversation + "-2";
        try (TestSocket socket = socket()) {
            assertThat(send(socket, "one", "1").path("message_id").asText()).isEqualTo("1");
            socket.send(frame(second, "two", "1"));
            assertThat(socket.next("ok").path("message_id").asText()).isEqualTo("1");
            assertThereOnce("one");
            assertThat(Kept.inbox(AGENT, second))
                    .extracting(entry -> entry.get("content"))
                    .containsExactly("two");
        }
    }

    // In order.

    @RepeatedTest(10)
    void whatAPersonSaysInOneGoKeepsItsOrder() {
        try (TestSocket socket = socket()) {
            // Scripts that Redis has forgotten are sent again, and must not let the next message pass.
            assertThat(TestRedis.commands().scriptFlush()).isEqualTo("OK");
            int count = 40;
            for (int i = 0; i < count; i++) {
                socket.send(
                        "{'ref':" + i + ",'type':'send','conversation':'" + conversation + "','content':'" + i + "'}");
            }
            List<String> answered = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                answered.add(socket.next("ok").path("ref").asText());
            }
            assertThat(logged()).isEqualTo(numbers(count));
            assertThat(answered).isEqualTo(numbers(count));
            assertThat(inbox()).extracting(entry -> entry.get("content")).isEqualTo(numbers(count));
            assertThat(Kept.messages(conversation))
                    .extracting(message -> message.get("content"))
                    .isEqualTo(numbers(count).stream()
                            .map(number -> "\"" + number + "\"")
                            .toList());
        }
    }

    @Test
    void aCancelDoesNotOvertakeTheMessageBeforeIt() {
        try (TestSocket socket = socket()) {
            assertThat(TestRedis.commands().scriptFlush()).isEqualTo("OK");
            socket.send(frame(conversation, "do it", "m1"))
                    .send("{'type':'cancel','conversation':'" + conversation + "'}")
                    .send(frame(conversation, "do that instead", "m2"));
            for (int i = 0; i < 3; i++) {
                assertThat(socket.next().path("type").asText()).isEqualTo("ok");
            }
            assertThat(inbox()).extracting(entry -> entry.get("type")).containsExactly("message", "cancel", "message");
            assertThat(Kept.events(conversation))
                    .extracting(event -> event.path("event").asText())
                    .containsExactly("user.message", "user.cancel", "user.message");
        }
    }

    @Test
    void manyPeopleAtOnceLoseNothing() {
        int people = 40;
        List<TestSocket> sockets =
                IntStream.range(0, people).mapToObj(i -> socket()).toList();
        for (int i = 0; i < people; i++) {
            sockets.get(i).send(frame(conversation, Integer.toString(i), "m" + i));
        }
        for (TestSocket socket : sockets) {
            assertThat(socket.next("ok").path("stored").asBoolean()).isTrue();
            socket.close();
        }
        assertThat(logged()).containsExactlyInAnyOrderElementsOf(numbers(people));
        assertThat(inbox())
                .extracting(entry -> entry.get("content"))
                .containsExactlyInAnyOrderElementsOf(numbers(people));
        assertThat(Kept.messages(conversation)).hasSize(people);
        assertThat(Kept.marks(conversation)).isEmpty();
    }

    @Test
    void aRefusedMessageDoesNotHoldUpTheNextOne() {
        try (TestSocket socket = socket()) {
            socket.send(frame(conversation, "half \\ud83d", "m1")).send(frame(conversation, "whole", "m2"));
            assertThat(socket.next().path("type").asText()).isEqualTo("error");
            assertThat(socket.next().path("message_id").asText()).isEqualTo("m2");
            assertThereOnce("whole");
        }
    }

    // Whole.

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a \"quoted\" and a 'single' one",
                "lines\r\nand\ttabs\n",
                "\\ and \\n and \\u0041",
                "\u0000\u0001\u001F\u007F",
                "é ☕ 😀 👩‍👩‍👧 \u2028\u2029 \uFEFF \uFFFD \uFFFF",
                "</script><!--",
                "{\"content\":\"nested\"}",
                "%s %d $1 ${x} {0}"
            })
    void contentArrivesAsItWasWritten(String content) throws JsonProcessingException {
        String json = JSON.writeValueAsString(Map.of(
                "type", "send", "conversation", conversation, "content", content, "metadata", Map.of("said", content)));
        try (TestSocket socket = socket()) {
            socket.socket().sendText(json, true).join();
            assertThat(socket.next().path("type").asText()).isEqualTo("ok");
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}");
            assertThat(socket.next("snapshot").at("/messages/0/content").asText())
                    .isEqualTo(content);
        }
        assertThat(logged()).containsExactly(content);
        assertThat(inbox().get(0)).containsEntry("content", content);
        assertThat(Kept.json(Objects.requireNonNull(inbox().get(0).get("metadata")))
                        .path("said")
                        .asText())
                .isEqualTo(content);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\ud83d", "\\ude00", "a\\ud83d b", "\\ude00\\ud83d"})
    void halfASurrogatePairIsRefused(String content) {
        try (TestSocket socket = socket()) {
            socket.send(frame(conversation, content, "m1"));
            JsonNode error = socket.next("error");
            assertThat(error.path("code").asText()).isEqualTo("bad_request");
            assertThat(error.path("message").asText()).startsWith("content has half a surrogate pair");
            assertThat(logged()).isEmpty();
        }
    }

    @Test
    void theDeepestMetadataThatIsTakenHurtsNobody() {
        try (TestSocket socket = socket()) {
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            // With a run in progress here, the hub looks into what comes.
            socket.send("{'type':'publish','conversation':'" + conversation
                    + "','event':'agent.response.streaming','payload':{'chunk':'x'},'durable':false}");
            // The answer and the event come in either order.
            List<JsonNode> both = List.of(socket.next(), socket.next());
            assertThat(both).extracting(frame -> frame.path("type").asText()).containsExactlyInAnyOrder("ok", "event");
            assertThat(both)
                    .filteredOn(frame -> frame.path("type").asText().equals("event"))
                    .noneMatch(frame -> frame.has("position"));
            for (int depth = 55; depth < 70; depth++) {
                socket.send("{'type':'send','conversation':'" + conversation + "','content':'x','metadata':"
                        + "{'a':".repeat(depth) + "1" + "}".repeat(depth) + "}");
                Set<String> types =
                        new HashSet<>(Set.of(socket.next().path("type").asText()));
                if (!types.contains("error")) {
                    types.add(socket.next().path("type").asText());
                }
                assertThat(types).isEqualTo(depth <= 62 ? Set.of("ok", "event") : Set.of("error"));
            }
        }
    }

    // Room.

    private static Answer post(TestNode at, String conversation, String what, String body) {
        URI uri = at.http("/v1/conversations/" + conversation + "/" + what);
        return TestHttp.postJson(uri, body);
    }

    @Test
    void aFullInboxRefusesUntilEverybodyHasAcknowledged() {
        String agent = "full-" + Ids.random();
        String key = "agent:inbox:" + agent;
        try (TestNode small = TestNode.start("inbox.max", "3", "sessions.default-agent", agent)) {
            for (int i = 0; i < 3; i++) {
                assertThat(post(small, conversation, "messages", "{'content':'" + i + "'}")
                                .status())
                        .isEqualTo(201);
            }
            assertFull(small);
            // Whoever is to be stopped may be the one that does not read: a cancel has room of its own.
            assertThat(post(small, conversation, "cancel", "{}").status()).isEqualTo(201);
            assertThat(Kept.inbox(agent, conversation)).hasSize(4);

            assertThat(TestRedis.commands().xgroupCreate(XReadArgs.StreamOffset.from(key, "0"), "workers"))
                    .isEqualTo("OK");
            List<StreamMessage<String, String>> read = read(key, "workers", 3);
            assertFull(small);
            acknowledge(key, "workers", read.subList(1, 3));
            assertFull(small);
            acknowledge(key, "workers", read.subList(0, 1));
            assertThat(post(small, conversation, "messages", "{'content':'3'}").status())
                    .isEqualTo(201);
            assertThat(Kept.inbox(agent, conversation))
                    .as("what was not read is still there")
                    .extracting(entry -> entry.getOrDefault("content", "cancel"))
                    .containsExactly("cancel", "3");

            assertThat(TestRedis.commands()
                            .xgroupCreate(
                                    XReadArgs.StreamOffset.from(key, "0"),
                                    "watchers",
                                    XGroupCreateArgs.Builder.mkstream()))
                    .isEqualTo("OK");
            assertThat(post(small, conversation, "messages", "{'content':'4'}").status())
                    .isEqualTo(201);
            acknowledge(key, "workers", read(key, "workers", 3));
            assertFull(small);
            acknowledge(key, "watchers", read(key, "watchers", 3));
            assertThat(post(small, conversation, "messages", "{'content':'5'}").status())
                    .isEqualTo(201);
            assertThat(logged()).containsExactly("0", "1", "2", "", "3", "4", "5");
        }
    }

    private void assertFull(TestNode small) {
        int before = logged().size();
        Answer answer = post(small, conversation, "messages", "{'content':'too much'}");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.json().path("code").asText()).isEqualTo("overloaded");
        assertThat(answer.json().path("temporary").asBoolean()).isTrue();
        assertThat(answer.header("Retry-After")).isEqualTo("1");
        assertThat(logged()).hasSize(before);
    }

    @SuppressWarnings("unchecked") // the client's generic varargs
    private static List<StreamMessage<String, String>> read(String key, String group, int count) {
        return TestRedis.commands()
                .xreadgroup(
                        Consumer.from(group, "one"),
                        XReadArgs.Builder.count(count),
                        XReadArgs.StreamOffset.lastConsumed(key));
    }

    private static void acknowledge(String key, String group, List<StreamMessage<String, String>> read) {
        String[] ids = read.stream().map(StreamMessage::getId).toArray(String[]::new);
        assertThat(TestRedis.commands().xack(key, group, ids)).isEqualTo(ids.length);
    }

    // Half-way.

    /** What a node leaves that dies after the log and before the inbox. */
    private void forgetTheInbox(String messageId) {
        Kept.Entry entry = Kept.log(conversation).get(0);
        TestRedis.commands().xrange("agent:inbox:" + AGENT, Range.unbounded()).forEach(each -> {
            if (conversation.equals(each.getBody().get("conversation_id"))) {
                assertThat(TestRedis.commands().xdel("agent:inbox:" + AGENT, each.getId()))
                        .isEqualTo(1);
            }
        });
        assertThat(TestRedis.commands().zrem("{agent:inbox:" + AGENT + "}:seen", conversation + " " + messageId))
                .isEqualTo(1);
        leaveTheMark(messageId, entry);
        assertThat(inbox()).isEmpty();
    }

    /** What a node leaves that dies after the inbox and before it has said so. */
    private void leaveTheMark(String messageId, Kept.Entry entry) {
        assertThat(TestRedis.commands()
                        .hset(
                                "meta:conv:{" + conversation + "}",
                                "inbox " + messageId,
                                AGENT + " " + entry.position() + " " + entry.text()))
                .isTrue();
    }

    private void awaitNoMarks() {
        Await.until("no mark is left", () -> Kept.marks(conversation).isEmpty());
    }

    @Test
    void aMessageLeftHalfWayIsFinishedByWhoeverJoins() {
        try (TestSocket socket = socket()) {
            String position = send(socket, "two\\nlines", "m1").path("position").asText();
            forgetTheInbox("m1");
            for (int i = 0; i < 3; i++) {
                socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                        .next("snapshot");
            }
            awaitNoMarks();
            assertThereOnce("two\nlines");
            assertThat(inbox().get(0)).containsEntry("position", position).containsEntry("type", "message");
        }
    }

    @Test
    void aMessageLeftHalfWayIsFinishedByWhoeverResumes() {
        try (TestSocket socket = socket()) {
            String position = send(socket, "hello", "m1").path("position").asText();
            forgetTheInbox("m1");
            socket.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + position + "'}");
            assertThat(socket.next("subscribed").path("resumed").asBoolean()).isTrue();
            awaitNoMarks();
            assertThereOnce("hello");
        }
    }

    @Test
    void aMessageLeftHalfWayIsFinishedBeforeTheSameOneIsAnswered() {
        try (TestSocket socket = socket()) {
            String position = send(socket, "hello", "m1").path("position").asText();
            forgetTheInbox("m1");
            assertThat(send(socket, "hello", "m1").path("position").asText()).isEqualTo(position);
            assertThereOnce("hello");
            assertThat(send(socket, "hello", "m1").path("position").asText()).isEqualTo(position);
            assertThereOnce("hello");
        }
    }

    @Test
    void aMarkThatIsLeftThoughTheMessageArrivedAddsNothing() {
        try (TestSocket socket = socket()) {
            JsonNode ok = send(socket, "hello", "m1");
            leaveTheMark("m1", Kept.log(conversation).get(0));
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}")
                    .next("snapshot");
            awaitNoMarks();
            assertThereOnce("hello");
            leaveTheMark("m1", Kept.log(conversation).get(0));
            assertThat(send(socket, "hello", "m1").path("position")).isEqualTo(ok.path("position"));
            assertThereOnce("hello");
        }
    }

    // Who is spoken to.

    @Test
    void aHandoffChangesWhoIsSpokenTo() {
        String billing = "billing-" + Ids.random();
        try (TestSocket socket = socket()) {
            JsonNode first = send(socket, "one", "m1");
            publishHandoff(socket, billing);
            JsonNode second = send(socket, "two", "m2");
            assertThat(first.path("position")).isNotEqualTo(second.path("position"));
            assertThat(inbox()).extracting(entry -> entry.get("content")).containsExactly("one");
            assertThat(Kept.inbox(billing, conversation))
                    .extracting(entry -> entry.get("content"))
                    .containsExactly("two");
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}");
            assertThat(socket.next("snapshot").at("/session/current_agent").asText())
                    .isEqualTo(billing);
        }
    }

    @Test
    void aHandoffBeforeTheFirstMessageCountsToo() {
        String billing = "billing-" + Ids.random();
        try (TestSocket socket = socket()) {
            publishHandoff(socket, billing);
            assertThat(send(socket, "one", "m1").path("stored").asBoolean()).isTrue();
            assertThat(inbox()).isEmpty();
            assertThat(Kept.inbox(billing, conversation))
                    .extracting(entry -> entry.get("content"))
                    .containsExactly("one");
        }
    }

    private void publishHandoff(TestSocket socket, String to) {
        socket.send("{'type':'publish','conversation':'" + conversation
                + "','event':'agent.handoff.completed','payload':{'from':'" + AGENT + "','to':'" + to + "'}}");
        assertThat(socket.next().path("stored").asBoolean()).isTrue();
    }
}
