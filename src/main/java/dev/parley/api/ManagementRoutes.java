package dev.parley.api;

import dev.parley.http.Exchange;
import dev.parley.http.Route;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/** The management port: {@code /health/live}, {@code /health/ready} and {@code /metrics}. */
public final class ManagementRoutes {

    private final Map<String, BooleanSupplier> checks;
    private final PrometheusMeterRegistry metrics;

    /** @param checks what has to hold for this node to be ready, by name; any thread may ask */
    public ManagementRoutes(Map<String, BooleanSupplier> checks, PrometheusMeterRegistry metrics) {
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
        Map<String, Boolean> results = new TreeMap<>();
        checks.forEach((name, check) -> results.put(name, check.getAsBoolean()));
        boolean ready = !results.containsValue(false);
        String json = results.entrySet().stream()
                .map(result -> "\"" + result.getKey() + "\":\"" + (result.getValue() ? "up" : "down") + "\"")
                .collect(Collectors.joining(",", "{\"ready\":" + ready + ",\"checks\":{", "}}"));
        return exchange.json(ready ? 200 : 503, bytes(json));
    }

    private Mono<Void> scrape(Exchange exchange) {
        return exchange.bytes(200, "text/plain; version=0.0.4; charset=utf-8", bytes(metrics.scrape()));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
