package dev.parley.chaos;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * POST with an Idempotency-Key, each try to whichever node serves. What was queued comes into its log before anything newer from the same
 * node: so as long as a conversation's last event is only queued, the next one goes to the node that has it.
 */
final class HttpPublisher extends Publisher {

    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();

    private final Nodes nodes;
    private final Map<String, Node> queuedAt = new HashMap<>();

    HttpPublisher(String name, List<String> conversations, Ledger ledger, Random random, long paceNanos, Nodes nodes) {
        super(name, conversations, ledger, random, paceNanos);
        this.nodes = nodes;
    }

    @Override
    Ledger.Answer publish(Mark mark, Random random) throws Exception {
        Node queued = queuedAt.get(mark.conversation());
        Node node = queued != null && nodes.serves(queued) ? queued : nodes.any(random);
        HttpRequest request = HttpRequest.newBuilder(node.events(mark.conversation()))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", mark.id())
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"event\":\"agent.note\",\"payload\":" + mark.payload() + "}"))
                .build();
        HttpResponse<Void> answer = CLIENT.send(request, HttpResponse.BodyHandlers.discarding());
        switch (answer.statusCode()) {
            case 201 -> {
                queuedAt.remove(mark.conversation());
                return Ledger.Answer.STORED;
            }
            case 202 -> {
                queuedAt.put(mark.conversation(), node);
                return Ledger.Answer.QUEUED;
            }
            case 503 -> {
                if (answer.headers().firstValue("Retry-After").isEmpty()) {
                    throw new IllegalStateException("refused without Retry-After");
                }
                throw new RefusedException();
            }
            default -> throw new IllegalStateException("answered " + answer.statusCode());
        }
    }
}
