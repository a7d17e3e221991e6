package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.redis.TestRedis;
import dev.parley.support.Patience;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class ResumeIT {

    private static final int KILLS = 100;
    private static final int CHUNKS = 4_000;

    /** What a page keeps: the text, and where it is. */
    private static final class Reader {
        private final StringBuilder text = new StringBuilder();
        private String position = "";
        private int resumed;
        private int gaps;
        private boolean ended;

        void take(JsonNode frame) {
            switch (frame.path("type").asText()) {
                case "subscribed" -> {
                    if (frame.path("resumed").asBoolean()) {
                        resumed++;
                    } else if (frame.has("gap")) {
                        gaps++;
                    }
                }
                case "snapshot" -> {
                    text.setLength(0);
                    text.append(frame.path("runs").path(0).path("text").asText());
                    position = frame.path("position").asText();
                }
                case "event" -> {
                    position = frame.path("position").asText();
                    text.append(
                            frame.path("event").path("payload").path("chunk").asText());
                    ended = frame.path("event").path("event").asText().equals("agent.note");
                }
                default -> assertThat(frame.path("type").asText()).isIn("welcome", "ok", "ping", "status");
            }
        }
    }

    @Test
    void aSocketKilledAtAnyPointOfARunResumesWithoutLossOrRepeat() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String conversation = Ids.random();
        try (TestNode node = TestNode.start()) {
            CompletableFuture<String> said =
                    CompletableFuture.supplyAsync(() -> speak(conversation, new Random(seed + 1)));
            Reader reader = new Reader();
            for (int kill = 0; kill < KILLS; kill++) {
                try (TestSocket socket = subscribed(node, conversation, reader)) {
                    int frames = random.nextInt(40);
                    for (int i = 0; i < frames && !reader.ended; i++) {
                        reader.take(socket.next());
                    }
                }
            }
            try (TestSocket socket = subscribed(node, conversation, reader)) {
                while (!reader.ended) {
                    reader.take(socket.next());
                }
            }
            assertThat(reader.text.toString())
                    .as("seed %s", seed)
                    .isEqualTo(said.get(Patience.ofSeconds(60).toMillis(), TimeUnit.MILLISECONDS));
            assertThat(reader.resumed).as("resumes, %s gaps", reader.gaps).isGreaterThan(KILLS / 2);
        }
    }

    private static TestSocket subscribed(TestNode node, String conversation, Reader reader) {
        TestSocket socket = TestSocket.open(node.socket());
        String since = reader.position.isEmpty() ? "" : ",'since':'" + reader.position + "'";
        return socket.send("{'type':'subscribe','conversation':'" + conversation + "'" + since + "}");
    }

    /** One run, then a note that says it is over; returns the text. */
    private static String speak(String conversation, Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < CHUNKS; i++) {
            String chunk = i + (random.nextInt(10) == 0 ? " ü😀 " : " ");
            text.append(chunk);
            publish("agent.response.streaming", conversation, ",\"chunk\":\"" + chunk + "\",\"agent\":\"triage\"");
            LockSupport.parkNanos(random.nextInt(600_000));
        }
        publish("agent.note", conversation, "");
        return text.toString();
    }

    private static void publish(String type, String conversation, String payload) {
        assertThat(TestRedis.commands()
                        .xadd(
                                "agent:events:stream",
                                Map.of(
                                        "event",
                                        type,
                                        "payload",
                                        "{\"conversation_id\":\"" + conversation + "\"" + payload + "}")))
                .isNotNull();
    }
}
