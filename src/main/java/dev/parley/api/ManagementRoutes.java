package dev.parley.api;

import dev.parley.http.Exchange;
import dev.parley.http.Route;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The management port: {@code /health/live}, {@code /health/ready} and {@code /metrics}. */
public final class ManagementRoutes {

    /** Something that has to hold for this node to be ready. Any thread may ask. */
    public interface Check {

        /** Why it does not hold, in a few words without quotes; null when it does. */
        @Nullable
        String problem();
    }

    private final Map<String, Check> checks;
    private final PrometheusMeterRegistry metrics;

    public ManagementRoutes(Map<String, Check> checks, PrometheusMeterRegistry metrics) {
        this.checks = new TreeMap<>(checks);
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
        StringJoiner results = new StringJoiner(",", "{", "}");
        StringJoiner reasons = new StringJoiner(",", "{", "}");
        checks.forEach((name, check) -> {
            String problem = check.problem();
            results.add(field(name, problem == null ? "up" : "down"));
            if (problem != null) {
                reasons.add(field(name, problem));
            }
        });
        boolean ready = reasons.length() == 2;
        String json = "{\"ready\":" + ready + ",\"checks\":" + results + (ready ? "" : ",\"reasons\":" + reasons) + "}";
        return exchange.json(ready ? 200 : 503, bytes(json));
    }

    private static String field(String name, String value) {
        return "\"" + name + "\":\"" + value + "\"";
    }

    private Mono<Void> scrape(Exchange exchange) {
        return exchange.bytes(200, "text/plain; version=0.0.4; charset=utf-8", bytes(metrics.scrape()));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
