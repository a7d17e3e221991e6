package dev.parley.chaos;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/** POST with an Idempotency-Key, each try to whichever node serves. */
final class HttpPublisher extends Publisher {

    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();

    private final Nodes nodes;

    HttpPublisher(String name, List<String> conversations, Ledger ledger, Random random, long paceNanos, Nodes nodes) {
        super(name, conversations, ledger, random, paceNanos);
        this.nodes = nodes;
    }

    @Override
    Ledger.Answer publish(Mark mark, Random random) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(nodes.any(random).events(mark.conversation()))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", mark.id())
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"event\":\"agent.note\",\"payload\":" + mark.payload() + "}"))
                .build();
        int status =
                CLIENT.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        return switch (status) {
            case 201 -> Ledger.Answer.STORED;
            case 202 -> Ledger.Answer.QUEUED;
            default -> throw new IllegalStateException("answered " + status);
        };
    }
}
