package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.AgentEvent;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.protocol.CloseCode;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever one client sends, it is told what is wrong or closed with the right code; nobody else notices and no error is logged. */
class WireAbuseIT {

    private static LogWatch log;
    private static TestNode node;
    private static Bystander bystander;

    private final String conversation = "abuse-" + Ids.random();

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = TestNode.start("websocket.outbox", "256KiB", "websocket.max-conversations", "3");
        bystander = new Bystander(node);
    }

    @AfterEach
    void nobodyElseNotices() {
        bystander.stillGetsItsEvents();
        log.assertQuiet();
    }

    @AfterAll
    static void nothingIsLeftBehind() {
        Await.until("only the bystander's two are left", () -> sockets() == 2);
        bystander.close();
        node.close();
        log.assertQuiet();
        log.close();
    }

    private static double sockets() {
        return TestHttp.get(node.management("/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith("parley_sockets "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                .sum();
    }

    private static TestSocket socket() {
        return TestSocket.welcomed(node.socket());
    }

    private static void assertOpen(TestSocket socket) {
        socket.send("{'type':'ping','ref':'still here'}");
        JsonNode pong = socket.next();
        assertThat(pong.path("type").asText()).as("%s", pong).isEqualTo("pong");
        assertThat(pong.path("ref").asText()).isEqualTo("still here");
    }

    private static void assertFrame(String frame, String json) {
        String quoted = json.replace('\'', '"');
        assertThat(frame).isEqualTo(quoted);
    }

    private static JsonNode assertError(TestSocket socket, String code, String message) {
        JsonNode error = socket.next();
        assertThat(error.path("type").asText()).as("%s", error).isEqualTo("error");
        assertThat(error.path("code").asText()).isEqualTo(code);
        assertThat(error.path("message").asText()).contains(message);
        assertThat(error.path("temporary").asBoolean(true)).isFalse();
        return error;
    }

    // What is no frame of ours.

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello",
                "",
                " ",
                "{",
                "{'type':'ping'",
                "{type:'ping'}",
                "\u0000",
                "{'type':'ping'} x",
                "\uFEFF{'type':'ping'}"
            })
    void whatIsNotJsonEndsTheSocket(String text) {
        try (TestSocket socket = socket()) {
            socket.send(text);
            assertThat(socket.closeCode()).isEqualTo(CloseCode.UNREADABLE.code());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-32BE", "UTF-32LE"})
    void jsonInAnotherEncodingEndsTheSocket(String charset) throws IOException {
        byte[] frame = "{\"type\":\"send\",\"ref\":1,\"conversation\":\"c\",\"content\":\"x\",\"metadata\":{}}"
                .getBytes(Charset.forName(charset));
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            socket.send(RawSocket.FINAL | RawSocket.TEXT, frame);
            assertThat(socket.closeCode()).isEqualTo(CloseCode.UNREADABLE.code());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "[{'type':'ping'}]", "'ping'", "5", "-1.5e3", "null", "true"})
    void jsonThatIsNoObjectIsRefused(String json) {
        try (TestSocket socket = socket()) {
            socket.send(json);
            JsonNode error = assertError(socket, "bad_request", "JSON object");
            assertThat(error.has("ref")).isFalse();
            assertOpen(socket);
        }
    }

    @Test
    void binaryFramesEndTheSocket() throws IOException {
        try (TestSocket whole = socket();
                RawSocket cut = RawSocket.welcomed(node.socket());
                RawSocket empty = RawSocket.welcomed(node.socket())) {
            whole.socket()
                    .sendBinary(ByteBuffer.wrap("{\"type\":\"ping\"}".getBytes(UTF_8)), true)
                    .join();
            cut.send(RawSocket.BINARY, (byte) '{').send(RawSocket.FINAL | RawSocket.CONTINUATION, (byte) '}');
            empty.send(RawSocket.FINAL | RawSocket.BINARY);
            assertThat(whole.closeCode()).isEqualTo(CloseCode.UNREADABLE.code());
            assertThat(cut.closeCode()).isEqualTo(CloseCode.UNREADABLE.code());
            assertThat(empty.closeCode()).isEqualTo(CloseCode.UNREADABLE.code());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {'ref':7}                                                                       | type is missing
                    {'ref':7,'type':5}                                                              | type must be
                    {'ref':7,'type':'shout'}                                                        | type is unknown
                    {'ref':7,'type':'welcome'}                                                      | type is unknown
                    {'ref':7,'type':'auth'}                                                         | token is missing
                    {'ref':7,'type':'auth','token':5}                                               | token must be
                    {'ref':7,'type':'subscribe'}                                                    | conversation is missing
                    {'ref':7,'type':'subscribe','conversation':5}                                   | conversation must be
                    {'ref':7,'type':'subscribe','conversation':'c','since':5}                       | since must be
                    {'ref':7,'type':'unsubscribe'}                                                  | conversation is missing
                    {'ref':7,'type':'unsubscribe','conversation':{}}                                | conversation must be
                    {'ref':7,'type':'send','content':'x'}                                           | conversation is missing
                    {'ref':7,'type':'send','conversation':'c'}                                      | content is missing
                    {'ref':7,'type':'send','conversation':'c','content':['x']}                      | content must be
                    {'ref':7,'type':'send','conversation':'c','content':'x','message_id':5}         | message_id must be
                    {'ref':7,'type':'send','conversation':'c','content':'x','metadata':'x'}         | metadata must be
                    {'ref':7,'type':'publish','event':'a','payload':{}}                             | conversation is missing
                    {'ref':7,'type':'publish','conversation':'c','payload':{}}                      | event is missing
                    {'ref':7,'type':'publish','conversation':'c','event':'a'}                       | payload is missing
                    {'ref':7,'type':'publish','conversation':'c','event':'a','payload':[]}          | payload must be
                    {'ref':7,'type':'publish','conversation':'c','event':5,'payload':{}}            | event must be
                    {'ref':7,'type':'publish','conversation':'c','event':'a','payload':{},'event_id':5}  | event_id must be
                    {'ref':7,'type':'publish','conversation':'c','event':'a','payload':{},'durable':'no'} | durable must be
                    {'ref':7,'type':'publish','conversation':'c','event':'a','payload':{'run':5}}   | payload.run must be
                    {'ref':7,'type':'publish','conversation':'c','event':'a','payload':{'conversation_id':'d'}} | payload.conversation_id is d
                    {'ref':7,'type':'cancel'}                                                       | conversation is missing
                    {'ref':7,'type':'cancel','conversation':'c','run':5}                            | run must be
                    {'ref':7,'type':'cancel','conversation':'c','reason':5}                         | reason must be
                    {'ref':7,'type':'cancel','conversation':'c','reason':'half \\ud83d'}            | reason has half a surrogate pair
                    {'ref':7,'type':'send','conversation':'c','content':'half \\ud83d'}             | content has half a surrogate pair
                    """)
    void aRefusedFrameIsAnsweredWithItsRefAndTheField(String json, String message) {
        try (TestSocket socket = socket()) {
            socket.send(json);
            assertThat(assertError(socket, "bad_request", message).path("ref").asInt())
                    .isEqualTo(7);
            assertOpen(socket);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "a b", "{c}", "a{b", "}", "a\\\"b", "a\\\\b", "\\u0000", "\\n", "é", "😀", "\\u007f", "\\ud83d"
            })
    void idsWithForbiddenCharactersAreRefusedByName(String id) {
        try (TestSocket socket = socket()) {
            for (String frame : new String[] {
                "{'type':'subscribe','conversation':'%s'}",
                "{'type':'unsubscribe','conversation':'%s'}",
                "{'type':'send','conversation':'%s','content':'x'}",
                "{'type':'cancel','conversation':'%s'}",
                "{'type':'publish','conversation':'%s','event':'a','payload':{}}"
            }) {
                socket.send(frame.formatted(id));
                JsonNode unused = assertError(socket, "bad_request", "conversation must be");
            }
            socket.send("{'type':'send','conversation':'c','content':'x','message_id':'" + id + "'}");
            JsonNode message = assertError(socket, "bad_request", "message_id must be");
            socket.send("{'type':'cancel','conversation':'c','run':'" + id + "'}");
            JsonNode run = assertError(socket, "bad_request", "run must be");
            socket.send("{'type':'publish','conversation':'c','event':'" + id + "','payload':{}}");
            JsonNode event = assertError(socket, "bad_request", "event must be");
            socket.send("{'type':'publish','conversation':'c','event':'a','event_id':'" + id + "','payload':{}}");
            JsonNode eventId = assertError(socket, "bad_request", "event_id must be");
            assertThat(new JsonNode[] {message, run, event, eventId}).doesNotContainNull();
            assertOpen(socket);
        }
    }

    @Test
    void idsThatAreTooLongAreRefused() {
        try (TestSocket socket = socket()) {
            socket.send("{'type':'subscribe','conversation':'" + "x".repeat(129) + "'}");
            JsonNode error = assertError(socket, "bad_request", "conversation must be 1 to 128");
            assertThat(error.has("ref")).isFalse();
            socket.send("{'type':'subscribe','conversation':'" + "x".repeat(100_000) + "'}");
            assertThat(assertError(socket, "bad_request", "conversation must be")
                            .toString()
                            .length())
                    .isLessThan(500);
            assertOpen(socket);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "7",
                "-7",
                "1.50",
                "1E+400",
                "'a'",
                "''",
                "'\\u00e9 \\\\ \\n'",
                "'é😀'",
                "12345678901234567890123"
            })
    void aRefComesBackAsItWasWritten(String ref) throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            socket.text("{'type':'ping','ref':" + ref + "}");
            assertFrame(new String(socket.next().payload(), UTF_8), "{'type':'pong','ref':" + ref + "}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[]", "[1]", "true", "false", "{'ref':1}"})
    void aRefOfAnotherKindIsRefusedAndNotEchoed(String ref) {
        try (TestSocket socket = socket()) {
            socket.send("{'type':'ping','ref':" + ref + "}");
            assertThat(assertError(socket, "bad_request", "ref must be").has("ref"))
                    .isFalse();
            assertOpen(socket);
        }
    }

    @Test
    void aRefOfNullIsNone() {
        try (TestSocket socket = socket()) {
            socket.send("{'type':'ping','ref':null}");
            assertThat(socket.next().toString()).isEqualTo("{\"type\":\"pong\"}");
        }
    }

    @Test
    void deepNestingIsRefused() {
        try (TestSocket socket = socket()) {
            socket.send("{'ref':7,'type':'ping','x':" + "[".repeat(60_000));
            assertThat(assertError(socket, "bad_request", "depth").path("ref").asInt())
                    .isEqualTo(7);
            socket.send("{'x':".repeat(20_000));
            assertThat(assertError(socket, "bad_request", "depth").has("ref")).isFalse();
            socket.send("{'ref':7,'type':'publish','conversation':'c','event':'a','payload':{'x':" + "[".repeat(63)
                    + "]".repeat(63) + "}}");
            assertThat(assertError(socket, "bad_request", "depth").path("ref").asInt())
                    .isEqualTo(7);
            assertOpen(socket);
        }
    }

    // Sizes.

    @Test
    void aFrameThatIsTooLargeEndsTheSocket() throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            socket.send(RawSocket.FINAL | RawSocket.TEXT, new byte[1 << 20]);
            assertThat(socket.closeCode()).isEqualTo(CloseCode.TOO_LARGE.code());
        }
        try (TestSocket socket = socket()) {
            CompletableFuture<?> sent = socket.socket().sendText("x".repeat(1 << 20), true);
            assertThat(sent).isNotNull();
            assertThat(socket.closeCode()).isEqualTo(CloseCode.TOO_LARGE.code());
        }
    }

    @Test
    void aMessageThatIsTooLargeInManyFramesEndsTheSocket() throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            byte[] part = new byte[1 << 10];
            socket.send(RawSocket.TEXT, part);
            for (int i = 0; i < 1022; i++) {
                socket.send(RawSocket.CONTINUATION, part);
            }
            socket.send(RawSocket.FINAL | RawSocket.CONTINUATION, part);
            assertThat(socket.closeCode()).isEqualTo(CloseCode.TOO_LARGE.code());
        }
    }

    @Test
    void aHeaderThatPromisesTooMuchIsEnough() throws IOException {
        try (RawSocket huge = RawSocket.welcomed(node.socket());
                RawSocket negative = RawSocket.welcomed(node.socket())) {
            huge.raw((byte) 0x81, (byte) 0xFF)
                    .raw(ByteBuffer.allocate(8).putLong(1L << 40).array());
            assertThat(huge.closeCode()).isEqualTo(CloseCode.TOO_LARGE.code());
            negative.raw((byte) 0x81, (byte) 0xFF)
                    .raw(ByteBuffer.allocate(8).putLong(-1).array());
            assertThat(negative.closeCode()).isEqualTo(1002);
        }
    }

    @Test
    void aMessageInManySmallFramesIsAsGoodAsInOne() throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            byte[] json = "{\"type\":\"ping\",\"ref\":\"é😀\"}".getBytes(UTF_8);
            for (int i = 0; i < json.length; i++) {
                socket.send(i == 0 ? RawSocket.TEXT : RawSocket.CONTINUATION, json[i]);
                socket.send(RawSocket.FINAL | RawSocket.PING, (byte) i);
                assertThat(socket.next().opcode()).as("a ping in between").isEqualTo(RawSocket.PONG);
            }
            socket.send(RawSocket.FINAL | RawSocket.CONTINUATION);
            assertThat(socket.json().path("ref").asText()).isEqualTo("é😀");
        }
    }

    @Test
    void anEventOrAMessageThatIsTooLargeIsRefused() {
        try (TestSocket socket = socket()) {
            String large = "x".repeat(AgentEvent.MAX_BYTES);
            socket.send("{'ref':7,'type':'publish','conversation':'" + conversation + "','event':'a','payload':{'x':'"
                    + large + "'}}");
            assertThat(assertError(socket, "too_large", "65536").path("ref").asInt())
                    .isEqualTo(7);
            socket.send("{'ref':8,'type':'send','conversation':'" + conversation + "','content':'" + large + "'}");
            assertThat(assertError(socket, "too_large", "65536").path("ref").asInt())
                    .isEqualTo(8);
            socket.send("{'ref':9,'type':'cancel','conversation':'" + conversation + "','reason':'" + large + "'}");
            assertThat(assertError(socket, "too_large", "65536").path("ref").asInt())
                    .isEqualTo(9);
            assertOpen(socket);
        }
    }

    // The WebSocket protocol itself.

    @ParameterizedTest
    @ValueSource(
            strings = {"FF", "22 C0 AF 22", "22 ED A0 80 22", "22 E2 82 22", "7B 22 F5 80 80 80 22 3A 31 7D", "E2 82"})
    void invalidUtf8EndsTheSocket(String hex) throws IOException {
        byte[] text = HexFormat.ofDelimiter(" ").parseHex(hex);
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            socket.send(RawSocket.FINAL | RawSocket.TEXT, text);
            assertThat(socket.closeCode()).isEqualTo(CloseCode.INVALID_UTF8.code());
        }
    }

    @Test
    void framesThatBreakTheProtocolEndTheSocket() throws IOException {
        byte[] ping = "{\"type\":\"ping\"}".getBytes(UTF_8);
        byte[][] frames = {
            RawSocket.unmasked(RawSocket.FINAL | RawSocket.TEXT, ping),
            RawSocket.frame(RawSocket.FINAL | 0x3, ping),
            RawSocket.frame(RawSocket.FINAL | 0x7, ping),
            RawSocket.frame(RawSocket.FINAL | 0xB, ping),
            RawSocket.frame(RawSocket.FINAL | 0xF),
            RawSocket.frame(RawSocket.FINAL | 0x40 | RawSocket.TEXT, ping),
            RawSocket.frame(RawSocket.FINAL | 0x20 | RawSocket.TEXT, ping),
            RawSocket.frame(RawSocket.FINAL | 0x10 | RawSocket.TEXT, ping),
            RawSocket.frame(RawSocket.FINAL | RawSocket.CONTINUATION, ping),
            RawSocket.frame(RawSocket.PING),
            RawSocket.frame(RawSocket.FINAL | RawSocket.PING, new byte[126]),
            RawSocket.frame(RawSocket.FINAL | RawSocket.CLOSE, (byte) 3),
        };
        for (byte[] frame : frames) {
            try (RawSocket socket = RawSocket.welcomed(node.socket())) {
                socket.raw(frame);
                assertThat(socket.closeCode())
                        .as("after %02X %02X", frame[0], frame[1])
                        .isEqualTo(1002);
            }
        }
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            socket.send(RawSocket.TEXT, ping).send(RawSocket.FINAL | RawSocket.TEXT, ping);
            assertThat(socket.closeCode())
                    .as("a new message in the middle of one")
                    .isEqualTo(1002);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"00 01", "03 ED", "03 E8 FF"})
    void aCloseFrameThatIsNoneEndsTheConnection(String hex) throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            socket.send(
                    RawSocket.FINAL | RawSocket.CLOSE,
                    HexFormat.ofDelimiter(" ").parseHex(hex));
            assertThat(socket.ends()).isTrue();
        }
    }

    @Test
    void whatComesBehindAViolationIsNotLookedAt() throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            ByteArrayOutputStream frames = new ByteArrayOutputStream();
            frames.writeBytes(RawSocket.frame(RawSocket.FINAL | RawSocket.BINARY, (byte) 1));
            frames.writeBytes(RawSocket.frame(
                    RawSocket.FINAL | RawSocket.TEXT,
                    ("{\"type\":\"send\",\"conversation\":\"" + conversation + "\",\"content\":\"x\"}")
                            .getBytes(UTF_8)));
            socket.raw(frames.toByteArray());
            assertThat(socket.closeCode()).isEqualTo(CloseCode.UNREADABLE.code());
            assertThat(socket.ends()).isTrue();
            assertThat(TestRedis.commands().exists("events:conv:{" + conversation + "}"))
                    .isZero();
        }
    }

    @Test
    void pingsAreAnsweredAndPongsThatNobodyAskedForAreNot() throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            socket.send(RawSocket.FINAL | RawSocket.PONG).send(RawSocket.FINAL | RawSocket.PONG, (byte) 'x');
            socket.send(RawSocket.FINAL | RawSocket.PING, (byte) 'y');
            RawSocket.Received pong = socket.next();
            assertThat(pong.opcode()).isEqualTo(RawSocket.PONG);
            assertThat(pong.payload()).containsExactly('y');
            socket.text("{'type':'pong'}").text("{'type':'ping','ref':1}");
            assertThat(socket.json().path("ref").asInt()).isEqualTo(1);
        }
    }

    @Test
    void aCloseIsAnsweredInKind() throws IOException {
        for (int code : new int[] {1000, 1001, 3000, 4999}) {
            try (RawSocket socket = RawSocket.welcomed(node.socket())) {
                socket.send(RawSocket.FINAL | RawSocket.CLOSE, (byte) (code >> 8), (byte) code);
                assertThat(socket.closeCode()).isEqualTo(code);
                assertThat(socket.ends()).isTrue();
            }
        }
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            socket.send(RawSocket.FINAL | RawSocket.CLOSE);
            RawSocket.Received close = socket.next();
            assertThat(close.opcode()).isEqualTo(RawSocket.CLOSE);
            assertThat(close.payload()).isEmpty();
            assertThat(socket.ends()).isTrue();
        }
    }

    @Test
    void framesMayComeByteByByte() throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            byte[] small = RawSocket.frame(
                    RawSocket.FINAL | RawSocket.TEXT, "{\"type\":\"ping\",\"ref\":\"é😀\"}".getBytes(UTF_8));
            byte[] larger = RawSocket.frame(
                    RawSocket.FINAL | RawSocket.TEXT,
                    ("{\"type\":\"ping\",\"ref\":2,\"x\":\"" + "é".repeat(100) + "\"}").getBytes(UTF_8));
            socket.byteByByte(small).byteByByte(larger);
            assertThat(socket.json().path("ref").asText()).isEqualTo("é😀");
            assertThat(socket.json().path("ref").asInt()).isEqualTo(2);
        }
    }

    @Test
    void framesMayComeAllAtOnce() throws IOException {
        try (RawSocket socket = RawSocket.welcomed(node.socket())) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int i = 0; i < 500; i++) {
                all.writeBytes(RawSocket.frame(
                        RawSocket.FINAL | RawSocket.TEXT, ("{\"type\":\"ping\",\"ref\":" + i + "}").getBytes(UTF_8)));
            }
            socket.raw(all.toByteArray());
            for (int i = 0; i < 500; i++) {
                assertThat(socket.json().path("ref").asInt()).isEqualTo(i);
            }
        }
    }

    @Test
    void noiseIsNoReasonToWorry() throws IOException {
        Random random = new Random(11);
        int refused = 0;
        for (int i = 0; i < 200; i++) {
            try (RawSocket socket = RawSocket.welcomed(node.socket())) {
                byte[] noise = new byte[1 + random.nextInt(300)];
                random.nextBytes(noise);
                if (random.nextBoolean()) {
                    socket.raw(RawSocket.frame(0x80 | random.nextInt(16), noise));
                } else {
                    socket.raw(noise);
                }
                if (random.nextInt(4) == 0) {
                    socket.reset();
                } else if (i % 2 == 0) {
                    socket.send(RawSocket.FINAL | RawSocket.CLOSE);
                    assertThat(socket.closeCode()).isIn(1002, 1005, 1007, 1009, 3501);
                    refused++;
                }
            } catch (SocketException | EOFException e) {
                // Closed before all of the noise was written, or after a close frame that was noise itself.
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }

    // Clients that go away.

    @Test
    void clientsMayGoAtAnyMoment() throws IOException {
        for (int i = 0; i < 20; i++) {
            try (RawSocket handshake = RawSocket.connect(node.socket());
                    RawSocket frame = RawSocket.welcomed(node.socket());
                    RawSocket subscribing = RawSocket.welcomed(node.socket())) {
                handshake.raw("GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upg".getBytes(ISO_8859_1));
                handshake.reset();
                byte[] ping = RawSocket.frame(RawSocket.FINAL | RawSocket.TEXT, "{\"type\":\"ping\"}".getBytes(UTF_8));
                frame.raw(Arrays.copyOf(ping, 7));
                frame.reset();
                subscribing
                        .text("{'type':'subscribe','conversation':'" + conversation + "'}")
                        .text("{'type':'send','conversation':'" + conversation + "','content':'bye'}");
                subscribing.reset();
            }
        }
        try (TestSocket socket = socket()) {
            assertOpen(socket);
        }
    }

    // Subscriptions.

    @Test
    void aConversationThatNobodyHasWrittenToIsEmpty() {
        try (TestSocket socket = socket()) {
            socket.send("{'ref':7,'type':'subscribe','conversation':'" + conversation + "'}");
            assertFrame(
                    socket.next().toString(),
                    "{'type':'subscribed','ref':7,'conversation':'" + conversation
                            + "','position':'0','resumed':false}");
            assertFrame(
                    socket.next().toString(),
                    "{'type':'snapshot','conversation':'" + conversation
                            + "','position':'0','session':null,'messages':[],'runs':[]}");
            socket.send("{'ref':8,'type':'unsubscribe','conversation':'nobody-follows-this'}");
            assertThat(socket.next().toString()).isEqualTo("{\"type\":\"ok\",\"ref\":8}");
        }
    }

    private String publish(TestSocket socket, String what) {
        socket.send("{'type':'publish','conversation':'" + conversation + "','event':'agent.thinking','payload':{'n':'"
                + what + "'}}");
        return socket.next("ok").path("position").asText();
    }

    private void assertGap(TestSocket socket, String since, String reason, String first, String last) {
        socket.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + since + "'}");
        JsonNode subscribed = socket.next("subscribed");
        assertThat(subscribed.path("resumed").asBoolean(true)).isFalse();
        assertThat(subscribed.path("position").asText()).isEqualTo(last);
        assertThat(subscribed.at("/gap/reason").asText()).as("%s", subscribed).isEqualTo(reason);
        assertThat(subscribed.at("/gap/last").asText()).isEqualTo(last);
        assertThat(subscribed.at("/gap/first").asText()).isEqualTo(first);
        JsonNode snapshot = socket.next();
        assertThat(snapshot.path("type").asText()).isEqualTo("snapshot");
        assertThat(snapshot.path("position").asText()).isEqualTo(last);
    }

    @Test
    void aPositionThatIsNotInTheLogIsAnsweredWithItsReasonAndASnapshot() {
        try (TestSocket agent = socket();
                TestSocket socket = socket()) {
            assertGap(socket, "1-1", "trimmed", "0", "0");
            String first = publish(agent, "one");
            // In one millisecond with the first, number 77 of it would be to come.
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
            String last = publish(agent, "two");
            assertGap(socket, "1-1", "trimmed", first, last);
            assertGap(socket, "9999999999999-0", "future", first, last);
            assertGap(socket, first.replaceFirst("-\\d+$", "-77"), "lost", first, last);
            String next = publish(agent, "three");
            JsonNode event = socket.next("event");
            assertThat(event.path("position").asText())
                    .as("it goes on behind the gap")
                    .isEqualTo(next);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "",
                "-1",
                "1-",
                "$",
                "0-0-0",
                "1763870000123",
                "99999999999999999999-0",
                "\\n\\\"}",
                "\\ud83d",
                "é"
            })
    void whatIsNoPositionIsAnsweredWithAGapAndASnapshot(String since) {
        try (TestSocket agent = socket();
                TestSocket socket = socket()) {
            String last = publish(agent, "one");
            socket.send("{'type':'subscribe','conversation':'" + conversation + "','since':'" + since + "'}");
            JsonNode subscribed = socket.next();
            assertThat(subscribed.at("/gap/reason").asText())
                    .as("%s", subscribed)
                    .isEqualTo("malformed");
            assertThat(subscribed.at("/gap/last").asText()).isEqualTo(last);
            assertThat(subscribed.path("resumed").asBoolean(true)).isFalse();
            assertThat(socket.next().path("type").asText()).isEqualTo("snapshot");
            String next = publish(agent, "two");
            assertThat(socket.next("event").path("position").asText()).isEqualTo(next);
        }
    }

    @Test
    void aSocketFollowsOnlySoManyConversations() {
        try (TestSocket socket = socket()) {
            for (int i = 0; i < 3; i++) {
                socket.send("{'type':'subscribe','conversation':'" + conversation + i + "'}");
                assertThat(socket.next("snapshot").path("conversation").asText())
                        .endsWith(Integer.toString(i));
            }
            socket.send("{'ref':7,'type':'subscribe','conversation':'" + conversation + "'}");
            assertThat(assertError(socket, "bad_request", "subscribe to 3 conversations")
                            .path("ref")
                            .asInt())
                    .isEqualTo(7);
            socket.send("{'type':'subscribe','conversation':'" + conversation + "0'}");
            assertThat(socket.next("snapshot").path("conversation").asText())
                    .as("again")
                    .endsWith("0");
            socket.send("{'type':'unsubscribe','conversation':'" + conversation + "1'}");
            assertThat(socket.next().path("type").asText()).isEqualTo("ok");
            socket.send("{'type':'subscribe','conversation':'" + conversation + "'}");
            assertThat(socket.next("snapshot").path("conversation").asText()).isEqualTo(conversation);
        }
    }

    @Test
    void subscribingAgainAndAgainLeavesOneSubscription() {
        try (TestSocket agent = socket();
                TestSocket socket = socket()) {
            for (int i = 0; i < 50; i++) {
                socket.send("{'ref':" + i + ",'type':'subscribe','conversation':'" + conversation + "'}");
                if (i % 7 == 3) {
                    socket.send("{'type':'unsubscribe','conversation':'" + conversation + "'}");
                }
            }
            JsonNode subscribed = socket.next("subscribed");
            while (subscribed.path("ref").asInt() != 49) {
                subscribed = socket.next("subscribed");
            }
            assertThat(socket.next().path("type").asText()).isEqualTo("snapshot");
            String one = publish(agent, "one");
            String two = publish(agent, "two");
            assertThat(socket.next().path("position").asText()).isEqualTo(one);
            assertThat(socket.next().path("position").asText()).isEqualTo(two);
        }
    }

    // The upgrade.

    @Test
    void aSocketNeedsNoSubprotocol() throws IOException {
        try (RawSocket socket = RawSocket.connect(node.socket())) {
            String head = socket.upgrade(node.socket());
            assertThat(head).startsWith("HTTP/1.1 101 ").doesNotContainIgnoringCase("Sec-WebSocket-Protocol");
            assertThat(socket.json().path("type").asText()).isEqualTo("welcome");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1@evil.example"
            })
    void aForeignPageGetsNoSocket(String origin) throws IOException {
        try (RawSocket socket = RawSocket.connect(node.socket())) {
            String head = socket.upgrade(node.socket(), "Origin: " + origin);
            assertThat(head).startsWith("HTTP/1.1 403 ");
            assertThat(socket.body(head).path("code").asText()).isEqualTo("forbidden");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173", "same"})
    void pagesOfThisMachineAndOfThisNodeGetASocket(String origin) throws IOException {
        String page = origin.equals("same") ? "http://" + node.socket().getAuthority() : origin;
        try (RawSocket socket = RawSocket.connect(node.socket())) {
            assertThat(socket.upgrade(node.socket(), "Origin: " + page)).startsWith("HTTP/1.1 101 ");
        }
    }

    @Test
    void anotherSubprotocolIsRefused() throws IOException {
        try (RawSocket socket = RawSocket.connect(node.socket())) {
            String head = socket.upgrade(node.socket(), "Sec-WebSocket-Protocol: graphql-ws, parley.v9");
            assertThat(head).startsWith("HTTP/1.1 400 ");
            assertThat(socket.body(head).path("detail").asText()).contains("Sec-WebSocket-Protocol", "parley.v1");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    Upgrade: websocket | Sec-WebSocket-Version: 13 |                                               | 400
                    Upgrade: websocket | Sec-WebSocket-Version: 99 | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==   | 426
                    Upgrade: websocket | Sec-WebSocket-Version: 8  | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==   | 426
                    Upgrade: websocket |                           | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==   | 426
                    Upgrade: h2c       | Sec-WebSocket-Version: 13 | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==   | 426
                                       | Sec-WebSocket-Version: 13 | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==   | 426
                    """)
    void anUpgradeThatIsNoneIsRefusedAndTheConnectionGoesOn(
            @Nullable String upgrade, @Nullable String version, @Nullable String key, int status) throws IOException {
        URI uri = node.socket();
        try (RawSocket socket = RawSocket.connect(uri)) {
            for (int i = 0; i < 2; i++) {
                String head = socket.request(
                        "GET /v1/ws HTTP/1.1",
                        "Host: " + uri.getAuthority(),
                        "Connection: Upgrade",
                        upgrade == null ? "" : upgrade,
                        version == null ? "" : version,
                        key == null ? "" : key);
                assertThat(head).startsWith("HTTP/1.1 " + status + " ");
                assertThat(socket.body(head).path("status").asInt()).isEqualTo(status);
                if (status == 426) {
                    assertThat(head)
                            .containsIgnoringCase("Upgrade: websocket")
                            .containsIgnoringCase("Sec-WebSocket-Version: 13");
                }
            }
        }
    }

    @Test
    void aSubscriptionInTheQueryThatCanNotBeMadeIsAnError() {
        URI uri = URI.create(node.socket() + "?conversation=a%20b&since=1-0");
        try (TestSocket socket = TestSocket.welcomed(uri)) {
            assertThat(assertError(socket, "bad_request", "conversation must be")
                            .has("ref"))
                    .isFalse();
            assertOpen(socket);
        }
    }
}
