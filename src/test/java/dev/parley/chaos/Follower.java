package dev.parley.chaos;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A browser that follows one conversation, by the rules of PROTOCOL.md: it comes back whenever its socket goes, to whichever node serves,
 * with the last position it has, and keeps what it was shown. Thread-safe.
 */
final class Follower {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int LEAST_DELAY_MILLIS = 20;
    private static final int DELAYS_MILLIS = 300;

    /** Shared by all sockets of this JVM, so that thousands of them need few threads. */
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    private final String conversation;
    private final Nodes nodes;
    private final Random random;
    private final ScheduledExecutorService later;
    private final List<Ledger.Shown> shown = new ArrayList<>();
    private final Set<String> pending = new HashSet<>();
    private @Nullable Link link;
    private @Nullable String position;
    private boolean current;
    private boolean left;
    private int connections;
    private int silentResets;

    Follower(String conversation, Nodes nodes, Random random, ScheduledExecutorService later) {
        this.conversation = conversation;
        this.nodes = nodes;
        this.random = random;
        this.later = later;
    }

    String conversation() {
        return conversation;
    }

    synchronized void connect() {
        if (left) {
            return;
        }
        Link next = new Link();
        link = next;
        current = false;
        var unused = CLIENT.newWebSocketBuilder()
                .subprotocols("parley.v1")
                .connectTimeout(PATIENCE)
                .buildAsync(nodes.any(random).socket(), next)
                .whenComplete((socket, failure) -> {
                    if (failure != null) {
                        lost(next);
                    } else {
                        opened(next, socket);
                    }
                });
    }

    /** The network breaks it off: no close frame, nothing that was on its way arrives. */
    synchronized void cut() {
        if (link != null && link.socket != null) {
            link.socket.abort();
            lost(link);
        }
    }

    synchronized void leave() {
        left = true;
        if (link != null && link.socket != null) {
            link.socket.abort();
        }
    }

    /** Whether it follows: subscribed, and told where it is. */
    synchronized boolean current() {
        return current;
    }

    /** The last position it has, null before the first snapshot. */
    synchronized @Nullable String position() {
        return position;
    }

    synchronized int shown() {
        return shown.size();
    }

    synchronized Ledger.Account account() {
        return new Ledger.Account(conversation, List.copyOf(shown), connections - 1, silentResets);
    }

    private synchronized void opened(Link one, WebSocket socket) {
        one.socket = socket;
        if (one != link || left) {
            socket.abort();
            return;
        }
        connections++;
        String since = position == null ? "" : ",\"since\":\"" + position + "\"";
        var unused = socket.sendText(
                "{\"type\":\"subscribe\",\"conversation\":\"" + conversation + "\"" + since + "}", true);
    }

    private synchronized void lost(Link one) {
        if (one != link || left) {
            return;
        }
        link = null;
        current = false;
        var unused = later.schedule(
                this::connect, LEAST_DELAY_MILLIS + random.nextInt(DELAYS_MILLIS), TimeUnit.MILLISECONDS);
    }

    private synchronized void take(Link from, String text) {
        if (from != link) {
            return;
        }
        JsonNode frame = json(text);
        switch (frame.path("type").asText()) {
            case "subscribed" -> subscribed(frame);
            case "snapshot" -> snapshot(from, frame.path("position").asText());
            case "event" -> event(from, frame);
            case "placed" -> placed(frame);
            case "ping" -> from.pong();
            case "error" -> from.fail();
            default -> {
                // Nothing that a follower's position depends on.
            }
        }
    }

    private void subscribed(JsonNode frame) {
        if (frame.path("resumed").asBoolean()) {
            current = true;
        } else if (position != null && !frame.has("gap")) {
            silentResets++;
        }
    }

    private void snapshot(Link from, String at) {
        from.ids.clear();
        if (position != null) {
            shown.add(new Ledger.Shown(null, at));
        }
        position = at;
        current = true;
    }

    private void event(Link from, JsonNode frame) {
        String id = frame.path("event_id").asText();
        boolean durable = frame.has("position");
        if (!durable && !frame.path("pending").asBoolean()) {
            return;
        }
        if (!from.ids.add(id)) {
            // The same on one connection, pending or not: the ledger finds it twice.
            shown.add(new Ledger.Shown(
                    Mark.of(frame.path("event")), frame.path("position").asText()));
        }
        if (durable) {
            place(Mark.of(frame.path("event")), frame.path("position").asText());
            pending.remove(id);
        } else {
            pending.add(id);
        }
    }

    private void placed(JsonNode frame) {
        String id = frame.path("event_id").asText();
        String at = frame.path("position").asText();
        if (pending.remove(id)) {
            place(Mark.ofId(id), at);
        } else {
            position = at;
        }
    }

    private void place(Mark mark, String at) {
        shown.add(new Ledger.Shown(mark, at));
        position = at;
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("the gateway sent what is no JSON: " + text, e);
        }
    }

    /** One connection; what comes late of a former one is not heard any more. */
    private final class Link implements WebSocket.Listener {
        private final StringBuilder partial = new StringBuilder();
        /** Of what was shown on this connection since its last snapshot. */
        private final Set<String> ids = new HashSet<>();

        private @Nullable WebSocket socket;

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                take(this, partial.toString());
                partial.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            lost(this);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            lost(this);
        }

        /** A client that says nothing for two heartbeats is taken for dead. */
        void pong() {
            if (socket != null) {
                var unused = socket.sendText("{\"type\":\"pong\"}", true);
            }
        }

        /** Refused, as temporary: begins again. */
        void fail() {
            if (socket != null) {
                socket.abort();
            }
            lost(this);
        }
    }
}
