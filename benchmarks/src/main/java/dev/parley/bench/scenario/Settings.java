package dev.parley.bench.scenario;

import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much of everything.
 *
 * @param rate events a second over all conversations; 0 for as fast as deliveries come
 * @param window deliveries that may be on their way when there is no rate
 * @param warmUp the same load before it counts
 * @param bytes length of an event
 * @param nodes of the gateway
 */
public record Settings(
        int conversations,
        int sockets,
        double rate,
        int window,
        Duration duration,
        Duration warmUp,
        int bytes,
        Via via,
        int nodes) {

    static Settings of(int conversations, int sockets, double rate, Via via) {
        return new Settings(
                conversations, sockets, rate, 20_000, Duration.ofSeconds(10), Duration.ofSeconds(10), 300, via, 1);
    }

    Settings window(int deliveries) {
        return new Settings(conversations, sockets, rate, deliveries, duration, warmUp, bytes, via, nodes);
    }

    Settings duration(Duration measured) {
        return new Settings(conversations, sockets, rate, window, measured, warmUp, bytes, via, nodes);
    }

    Settings bytes(int length) {
        return new Settings(conversations, sockets, rate, window, duration, warmUp, length, via, nodes);
    }

    Settings nodes(int count) {
        return new Settings(conversations, sockets, rate, window, duration, warmUp, bytes, via, count);
    }

    /** Sockets of one conversation: they are dealt out in turn. */
    int socketsOf(int conversation) {
        return sockets / conversations + (conversation < sockets % conversations ? 1 : 0);
    }

    public Map<String, String> asText() {
        Map<String, String> text = new LinkedHashMap<>();
        text.put("conversations", Integer.toString(conversations));
        text.put("sockets", Integer.toString(sockets));
        text.put("rate", rate == 0 ? "max" : Double.toString(rate));
        text.put("window", Integer.toString(window));
        text.put("duration", duration.toString());
        text.put("warm-up", warmUp.toString());
        text.put("bytes", Integer.toString(bytes));
        text.put("via", via.toString());
        text.put("nodes", Integer.toString(nodes));
        return text;
    }
}
