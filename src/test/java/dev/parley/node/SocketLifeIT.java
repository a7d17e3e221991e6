package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.redis.TestRedis;
import dev.parley.support.Patience;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How sockets live and end when nobody does anything wrong on the wire. */
class SocketLifeIT {

    @Test
    void aClientThatOnlyReadsStaysSinceItsLibraryAnswersPings() {
        String c = Ids.random();
        try (TestNode node = TestNode.start("websocket.heartbeat", "2s");
                TestSocket reader = TestSocket.welcomed(node.socket().resolve("/v1/ws?conversation=" + c))) {
            reader.next("snapshot");
            for (int i = 0; i < 4; i++) {
                say(c);
                assertThat(reader.next("event").path("conversation").asText()).isEqualTo(c);
                reader.next("ping");
            }
            reader.send("{'type':'ping','ref':'still here'}");
            assertThat(reader.next("pong").path("ref").asText()).isEqualTo("still here");
        }
    }

    @Test
    void oneSocketFollowsManyConversationsAndLeavesThemOneByOne() {
        String a = Ids.random();
        String b = Ids.random();
        try (TestNode node = TestNode.start("websocket.max-conversations", "2");
                TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'subscribe','conversation':'" + a + "'}").next("snapshot");
            socket.send("{'type':'subscribe','conversation':'" + b + "'}").next("snapshot");
            socket.send("{'type':'subscribe','ref':3,'conversation':'third'}");
            assertThat(socket.next("error").path("code").asText()).isEqualTo("bad_request");
            say(a);
            assertThat(socket.next("event").path("conversation").asText()).isEqualTo(a);
            socket.send("{'type':'unsubscribe','ref':4,'conversation':'" + a + "'}")
                    .next("ok");
            say(a);
            say(b);
            assertThat(socket.next("event").path("conversation").asText()).isEqualTo(b);
        }
    }

    @Test
    void theQueryOfTheUpgradeSubscribesRightAfterTheWelcome() {
        String c = Ids.random();
        try (TestNode node = TestNode.start();
                TestSocket socket =
                        TestSocket.welcomed(node.socket().resolve("/v1/ws?conversation=" + c + "&since=0"))) {
            assertThat(socket.next("subscribed").path("resumed").asBoolean()).isTrue();
            say(c);
            assertThat(socket.next().path("type").asText()).isEqualTo("event");
        }
    }

    @Test
    void aSocketThatDoesNotReadIsClosedAndTheOthersDoNotNotice() throws Exception {
        String c = Ids.random();
        CompletableFuture<Integer> closed = new CompletableFuture<>();
        try (TestNode node = TestNode.start("websocket.outbox", "256KiB", "log.max-bytes", "64MiB");
                TestSocket quick = TestSocket.welcomed(node.socket())) {
            String subscribe = "{\"type\":\"subscribe\",\"conversation\":\"" + c + "\"}";
            WebSocket slow = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .subprotocols("parley.v1")
                    .buildAsync(node.socket(), new Lazy(closed))
                    .join();
            slow.sendText(subscribe, true).join();
            quick.send(subscribe).next("snapshot");
            String filler = "x".repeat(60_000);
            int events = 300;
            for (int i = 0; i < events; i++) {
                assertThat(TestRedis.commands()
                                .xadd(
                                        "agent:events:stream",
                                        Map.of("event", "agent.note", "conversation_id", c, "filler", filler)))
                        .isNotNull();
                assertThat(quick.next().path("type").asText()).isEqualTo("event");
            }
            // It reads again, and finds the end behind what was on the way already.
            slow.request(Long.MAX_VALUE);
            assertThat(closed.get(Patience.ofSeconds(30).toMillis(), TimeUnit.MILLISECONDS))
                    .isEqualTo(3008);
        }
    }

    /** Asks for the welcome and its subscription, then for nothing. */
    private record Lazy(CompletableFuture<Integer> closed) implements WebSocket.Listener {

        @Override
        public void onOpen(WebSocket socket) {
            socket.request(1);
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }
    }

    @Test
    void aNodeThatStopsSaysGoodbyeAndWhenToComeBack() {
        TestNode node = TestNode.start("shutdown.drain", "500ms");
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            node.close();
            JsonNode goodbye = socket.next("goodbye");
            assertThat(goodbye.path("code").asInt()).isEqualTo(3001);
            assertThat(goodbye.path("retry_ms").path(1).asInt()).isEqualTo(500);
            assertThat(socket.closeCode()).isEqualTo(3001);
        }
    }

    private static void say(String conversation) {
        assertThat(TestRedis.commands()
                        .xadd("agent:events:stream", Map.of("event", "agent.note", "conversation_id", conversation)))
                .isNotNull();
    }
}
