package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many sockets join one conversation at once, and its snapshot is large. */
class JoinRushIT {

    private static final int SOCKETS = 300;
    private static final int MESSAGES = 40;
    private static final int MESSAGE = 56_000;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Pattern NOT_LISTENING = Pattern.compile(" addr=[^ ]+:(\\d+) .* sub=0 psub=0 ");
    /** A snapshot reads the session's messages by it, and nothing else here does. */
    private static final Pattern READS = Pattern.compile("cmdstat_xrevrange:calls=(\\d+)");

    private final String conversation = "rush-" + Ids.random();
    private final EmbeddedRedis redis = EmbeddedRedis.start();
    private final RedisClient client = RedisClient.create(redis.uri());
    private final RedisCommands<String, String> commands = client.connect().sync();
    private final Relay network = Relay.to(URI.create(redis.uri()));
    private final AtomicLong pongs = new AtomicLong();
    private final AtomicLong snapshots = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final AtomicLong largest = new AtomicLong();

    @AfterEach
    void close() {
        network.close();
        client.shutdown();
        redis.close();
    }

    /** Counts what it is sent and keeps nothing of it. */
    private final class Counting implements WebSocket.Listener {
        private String begins = "";
        private long size;

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            if (size == 0) {
                begins = data.subSequence(0, Math.min(data.length(), 20)).toString();
            }
            size += data.length();
            if (last) {
                AtomicLong counted = begins.startsWith("{\"type\":\"snapshot\"")
                        ? snapshots
                        : begins.startsWith("{\"type\":\"pong\"")
                                ? pongs
                                : begins.startsWith("{\"type\":\"error\"") ? errors : new AtomicLong();
                largest.accumulateAndGet(size, Math::max);
                size = 0;
                counted.incrementAndGet();
            }
            socket.request(1);
            return null;
        }
    }

    private long reads() {
        Matcher calls = READS.matcher(commands.info("commandstats"));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    private void fill(TestNode node) {
        String text = "x".repeat(MESSAGE);
        for (int n = 0; n < MESSAGES; n++) {
            assertThat(TestHttp.postJson(
                                    node.http("/v1/conversations/" + conversation + "/messages"),
                                    "{'content':'" + text + "'}")
                            .status())
                    .isEqualTo(201);
        }
    }

    private List<WebSocket> sockets(TestNode node) {
        HttpClient http = HttpClient.newHttpClient();
        List<WebSocket> sockets = new ArrayList<>();
        for (int i = 0; i < SOCKETS; i++) {
            sockets.add(http.newWebSocketBuilder()
                    .subprotocols("parley.v1")
                    .buildAsync(node.socket(), new Counting())
                    .join());
        }
        return sockets;
    }

    private void ping(List<WebSocket> sockets) {
        long before = pongs.get();
        sockets.forEach(socket -> socket.sendText("{\"type\":\"ping\"}", true).join());
        Await.within(PATIENCE, "every socket's frames are handled", () -> pongs.get() == before + SOCKETS);
    }

    @Test
    void allAreServedByAFewReadsAndRedisIsNotTakenForDead() {
        try (TestNode node = TestNode.start(
                "redis.uri",
                "redis://127.0.0.1:" + network.port(),
                "redis.probe-timeout",
                "60s",
                "redis.command-timeout",
                "60s")) {
            fill(node);
            List<WebSocket> sockets = sockets(node);
            ping(sockets);
            long before = reads();
            NOT_LISTENING
                    .matcher(commands.clientList())
                    .results()
                    .forEach(connection -> network.holdAnswers(Integer.parseInt(connection.group(1))));
            String subscribe = "{\"type\":\"subscribe\",\"conversation\":\"" + conversation + "\"}";
            sockets.forEach(socket -> socket.sendText(subscribe, true).join());
            ping(sockets);
            network.letGo();
            Await.within(PATIENCE, "every socket has its snapshot", () -> snapshots.get() + errors.get() >= SOCKETS);
            assertThat(errors).hasValue(0);
            assertThat(snapshots).hasValue(SOCKETS);
            assertThat(largest.get()).isGreaterThan((long) MESSAGES * MESSAGE);
            assertThat(reads() - before).as("reads of the log").isBetween(1L, 4L);
            assertThat(node.metric("parley_redis_up")).isEqualTo(1);
            sockets.forEach(WebSocket::abort);
        }
    }
}
