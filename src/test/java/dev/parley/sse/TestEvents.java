package dev.parley.sse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.support.Patience;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A client of server-sent events as the HTML standard has it, on a thread of its own. */
final class TestEvents implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** @param id the last event id at that moment; empty for none */
    record Received(String id, JsonNode frame) {

        String type() {
            return frame.path("type").asText();
        }
    }

    private final HttpResponse<InputStream> response;
    private final BlockingQueue<Received> events = new LinkedBlockingQueue<>();
    private final AtomicInteger comments = new AtomicInteger();
    private final Thread reader;
    private volatile String lastId = "";
    private volatile @Nullable String retry;

    private TestEvents(HttpResponse<InputStream> response) {
        this.response = response;
        reader = new Thread(this::read, "events");
        reader.setDaemon(true);
        reader.start();
    }

    static TestEvents open(URI uri, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).header("Accept", "text/event-stream");
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return new TestEvents(CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream()));
    }

    HttpResponse<InputStream> response() {
        return response;
    }

    /** The next frame, which must be of that type. */
    @CanIgnoreReturnValue
    Received next(String type) throws InterruptedException {
        Received event = events.poll(Patience.ofSeconds(20).toMillis(), TimeUnit.MILLISECONDS);
        if (event == null || !event.type().equals(type)) {
            throw new AssertionError("expected " + type + ", not " + event);
        }
        return event;
    }

    /** The next frames, all of that type. */
    List<Received> next(String type, int count) throws InterruptedException {
        List<Received> all = new ArrayList<>();
        while (all.size() < count) {
            all.add(next(type));
        }
        return all;
    }

    String lastId() {
        return lastId;
    }

    int comments() {
        return comments.get();
    }

    @Nullable
    String retry() {
        return retry;
    }

    boolean ended() {
        return !reader.isAlive();
    }

    private void read() {
        StringBuilder data = new StringBuilder();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.isEmpty() && data.length() > 0) {
                    events.add(new Received(lastId, JSON.readTree(data.toString())));
                    data.setLength(0);
                } else if (line.startsWith(":")) {
                    comments.incrementAndGet();
                } else if (line.startsWith("id: ")) {
                    lastId = line.substring(4);
                } else if (line.startsWith("retry: ")) {
                    retry = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data.append(line.substring(6));
                }
            }
        } catch (IOException e) {
            // Cut off, by whichever side: what matters is that it has ended.
        }
    }

    @Override
    public void close() throws IOException {
        response.body().close();
    }
}
