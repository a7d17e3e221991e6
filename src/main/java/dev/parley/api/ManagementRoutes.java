package dev.parley.api;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.parley.http.Exchange;
import dev.parley.http.Route;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The management port: {@code /health/live}, {@code /health/ready} and {@code /metrics}. */
public final class ManagementRoutes {

    /** The reason why a node is not ready, for people; null if there is none. Any thread may ask. */
    @FunctionalInterface
    public interface Check {
        @Nullable
        String trouble();
    }

    private final Map<String, Check> checks;
    private final Set<String> required;
    private final PrometheusMeterRegistry metrics;

    /**
     * @param required checks that must pass for readiness, by name
     * @param reported checks that are reported and do not affect readiness
     */
    public ManagementRoutes(Map<String, Check> required, Map<String, Check> reported, PrometheusMeterRegistry metrics) {
        this.checks = new TreeMap<>(required);
        this.checks.putAll(reported);
        this.required = Set.copyOf(required.keySet());
        this.metrics = metrics;
    }

    public List<Route> routes() {
        return List.of(
                Route.get("/health/live", this::live),
                Route.get("/health/ready", this::ready),
                Route.get("/metrics", this::scrape));
    }

    private Mono<Void> live(Exchange exchange) {
        return exchange.json(200, bytes("{\"status\":\"up\"}"));
    }

    private Mono<Void> ready(Exchange exchange) {
        StringJoiner states = new StringJoiner(",", "{", "}");
        StringJoiner reasons = new StringJoiner(",", ",\"reasons\":{", "}").setEmptyValue("");
        boolean ready = true;
        for (Map.Entry<String, Check> each : checks.entrySet()) {
            String name = each.getKey();
            String trouble = each.getValue().trouble();
            states.add("\"" + name + "\":\"" + (trouble == null ? "up" : "down") + "\"");
            if (trouble != null) {
                reasons.add("\"" + name + "\":\"" + escaped(trouble) + "\"");
                ready &= !required.contains(name);
            }
        }
        String json = "{\"ready\":" + ready + ",\"checks\":" + states + reasons + "}";
        return exchange.json(ready ? 200 : 503, bytes(json));
    }

    private Mono<Void> scrape(Exchange exchange) {
        return exchange.bytes(200, "text/plain; version=0.0.4; charset=utf-8", bytes(metrics.scrape()));
    }

    private static String escaped(String text) {
        return new String(JsonStringEncoder.getInstance().quoteAsString(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
