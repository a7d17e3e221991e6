package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.support.Patience;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A client as others write it: the JDK's WebSocket and a queue of what it was sent. */
public final class TestSocket implements WebSocket.Listener, AutoCloseable {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder partial = new StringBuilder();
    private @Nullable WebSocket socket;

    private TestSocket() {}

    public static TestSocket open(URI uri, String... subprotocols) {
        return open(CLIENT.newWebSocketBuilder(), uri, subprotocols);
    }

    /** Opens with a token in {@code Authorization}. */
    public static TestSocket authorized(URI uri, String token) {
        return open(CLIENT.newWebSocketBuilder().header("Authorization", "Bearer " + token), uri);
    }

    private static TestSocket open(WebSocket.Builder builder, URI uri, String... subprotocols) {
        TestSocket one = new TestSocket();
        builder.connectTimeout(Patience.of(PATIENCE));
        if (subprotocols.length == 0) {
            builder.subprotocols("parley.v1");
        } else {
            String[] rest = Arrays.copyOfRange(subprotocols, 1, subprotocols.length);
            builder.subprotocols(subprotocols[0], rest);
        }
        one.socket = builder.buildAsync(uri, one).join();
        return one;
    }

    /** Opens, and takes the welcome. */
    public static TestSocket welcomed(URI uri) {
        TestSocket one = open(uri);
        assertThat(one.next().path("type").asText()).isEqualTo("welcome");
        return one;
    }

    @CanIgnoreReturnValue
    public TestSocket send(String json) {
        socket().sendText(json.replace('\'', '"'), true).join();
        return this;
    }

    /** The raw socket, for what no client would send. */
    public WebSocket socket() {
        return Objects.requireNonNull(socket);
    }

    /** The next frame, whatever it is. */
    @CanIgnoreReturnValue
    public JsonNode next() {
        try {
            Duration limit = Patience.of(PATIENCE);
            JsonNode frame = frames.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
            assertThat(frame).as("a frame within %s", limit).isNotNull();
            return frame;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The next frame of a type; those before it are skipped. */
    @CanIgnoreReturnValue
    public JsonNode next(String type) {
        JsonNode frame = next();
        while (!frame.path("type").asText().equals(type)) {
            frame = next();
        }
        return frame;
    }

    /** Returns when it was shown that Redis is {@code up} or {@code degraded}; how many events wait is shown by the same frames. */
    public void awaitRedis(String state) {
        while (!next("status").path("redis").asText().equals(state)) {
            // An earlier count.
        }
    }

    /** What has come by now and not been taken. */
    public int waiting() {
        return frames.size();
    }

    public int closeCode() {
        Duration limit = Patience.of(PATIENCE);
        try {
            return closed.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the socket was not closed within " + limit, e);
        }
    }

    /** Cuts the connection without a close frame. */
    @Override
    public void close() {
        socket().abort();
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        partial.append(data);
        if (last) {
            try {
                frames.add(JSON.readTree(partial.toString()));
            } catch (JsonProcessingException e) {
                throw new AssertionError("the gateway sent what is no JSON: " + partial, e);
            }
            partial.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        throw new AssertionError("the gateway sent a binary frame");
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        closed.complete(code);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closed.completeExceptionally(error);
    }
}
