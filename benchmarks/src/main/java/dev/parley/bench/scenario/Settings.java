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
 */
public record Settings(
        int conversations,
        int sockets,
        double rate,
        int window,
        Duration duration,
        Duration warmUp,
        int bytes,
        Via via) {

    static Settings of(int conversations, int sockets, double rate, Via via) {
        return new Settings(
                conversations, sockets, rate, 20_000, Duration.ofSeconds(10), Duration.ofSeconds(10), 300, via);
    }

    Settings window(int deliveries) {
        return new Settings(conversations, sockets, rate, deliveries, duration, warmUp, bytes, via);
    }

    Settings duration(Duration long_) {
        return new Settings(conversations, sockets, rate, window, long_, warmUp, bytes, via);
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
        return text;
    }
}
