package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that stops while clients are still there. */
class StopIT {

    private static final int PUBLISHERS = 8;
    private static final Duration DRAIN = Duration.ofSeconds(1);

    private final String conversation = "stop-" + Ids.random();
    private final Relay network = Relay.to(URI.create(TestRedis.uri()));
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger acknowledged = new AtomicInteger();

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        network.close();
        threads.shutdownNow();
    }

    private TestNode node() {
        return TestNode.start(
                "redis.uri",
                "redis://127.0.0.1:" + network.port(),
                "data.directory",
                directory.toString(),
                "shutdown.drain",
                DRAIN.toMillis() + "ms");
    }

    private Path spilled() {
        return directory.resolve("outage-queue.ndjson");
    }

    private Answer publish(TestNode node, String to, int n) {
        return TestHttp.postJson(
                node.http("/v1/conversations/" + to + "/events"),
                "{'event':'agent.note','event_id':'e" + n + "','payload':{'n':" + n + "}}");
    }

    /** A client that opens a socket and never says a word, not even to a close frame. */
    private static Socket silent(TestNode node) throws IOException {
        URI uri = node.socket();
        Socket socket = new Socket(uri.getHost(), uri.getPort());
        socket.getOutputStream()
                .write(("GET /v1/ws HTTP/1.1\r\nHost: " + uri.getAuthority()
                                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
                                + "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        Await.until("the socket is open", () -> node.metric("parley_sockets") == 1);
        return socket;
    }

    /** Publishes one after the other until it is told to go; returns how many were acknowledged. */
    private int publishUntilRefused(TestNode node, String to) {
        for (int n = 0; ; n++) {
            Answer answer = publish(node, to, n);
            if (answer.status() != 201) {
                assertThat(answer.status()).as(answer.body()).isEqualTo(503);
                assertThat(answer.json().path("code").asText()).isEqualTo("unavailable");
                assertThat(answer.header("Retry-After")).isNotEmpty();
                assertThat(answer.header("Connection")).isEqualToIgnoringCase("close");
                return n;
            }
            acknowledged.incrementAndGet();
        }
    }

    @Test
    void nothingMoreIsTakenOverHttpAndWhatWasAcknowledgedIsInItsLog() throws IOException {
        List<CompletableFuture<Integer>> publishers = new ArrayList<>();
        try (TestNode node = node();
                Socket holdsTheDrain = silent(node)) {
            for (int i = 0; i < PUBLISHERS; i++) {
                String to = conversation + "-" + i;
                publishers.add(CompletableFuture.supplyAsync(() -> publishUntilRefused(node, to), threads));
            }
            Await.until("publishers are at work", () -> acknowledged.get() > 200);
            assertThat(node.stop()).isTrue();
            assertThat(holdsTheDrain.isConnected()).isTrue();
        }
        assertThat(spilled()).doesNotExist();
        for (int i = 0; i < PUBLISHERS; i++) {
            assertThat(Kept.events(conversation + "-" + i).stream()
                            .map(event -> event.at("/payload/n").asInt(-1)))
                    .as("what was acknowledged, and nothing that was refused")
                    .isEqualTo(
                            IntStream.range(0, publishers.get(i).join()).boxed().toList());
        }
    }

    @Test
    void whatIsQueuedIsOnTheDiskWhenTheDrainIsOverAlthoughAClientStays() throws IOException {
        try (TestNode node = node();
                Socket stays = silent(node)) {
            network.cut();
            Await.until("the gate opens", () -> node.metric("parley_redis_up") == 0);
            for (int n = 0; n < 10; n++) {
                assertThat(publish(node, conversation, n).status()).isEqualTo(202);
            }
            long since = System.nanoTime();
            CompletableFuture<Boolean> stop = CompletableFuture.supplyAsync(node::stop, threads);
            Await.until("it is on the disk", () -> Files.exists(spilled()));
            assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(DRAIN.plus(Patience.ofSeconds(1)));
            assertThat(Files.readAllLines(spilled())).hasSize(10);
            stays.getInputStream().readAllBytes();
            assertThat(Duration.ofNanos(System.nanoTime() - since))
                    .as("when it was cut off")
                    .isLessThan(DRAIN.plus(Patience.ofSeconds(2)));
            assertThat(stop.join()).isTrue();
        }
    }
}
