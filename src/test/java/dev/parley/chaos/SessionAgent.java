package dev.parley.chaos;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * An agent that makes a session and appends to it over HTTP, one message after the other, each try by whichever node serves, and insists
 * on each under its key until it is acknowledged; only then comes the next one. It has one request under way at a time, whose answer
 * goes on with what comes next: a thousand agents need no threads of their own.
 */
final class SessionAgent {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int LEAST_DELAY_MILLIS = 200;
    private static final int DELAYS_MILLIS = 400;
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();

    private final String conversation;
    private final Nodes nodes;
    private final Random random;
    private final ScheduledExecutorService later;
    private final int paceMillis;
    private final Tries tries;
    private final CompletableFuture<Void> created = new CompletableFuture<>();
    private final CompletableFuture<List<Integer>> done = new CompletableFuture<>();
    /** What was acknowledged: of the first message, the second and so on, its number in the session. */
    private final List<Integer> seqs = new ArrayList<>();

    private volatile boolean last;

    /** How tries ended that had to be made again, and how many were answered as made before; all agents together. */
    record Tries(LongAdder unanswered, LongAdder refused, LongAdder repeated) {
        Tries() {
            this(new LongAdder(), new LongAdder(), new LongAdder());
        }

        @Override
        public String toString() {
            return "%s tries failed, %s were refused, %s were answered as made before"
                    .formatted(unanswered.sum(), refused.sum(), repeated.sum());
        }
    }

    /** @param paceMillis between two messages, on average */
    SessionAgent(
            String conversation,
            Nodes nodes,
            Random random,
            ScheduledExecutorService later,
            int paceMillis,
            Tries tries) {
        this.conversation = conversation;
        this.nodes = nodes;
        this.random = random;
        this.later = later;
        this.paceMillis = paceMillis;
        this.tries = tries;
    }

    String conversation() {
        return conversation;
    }

    /** The text of a message that was sent; the first one is 1. */
    static String text(int number) {
        return "message " + number;
    }

    /** Makes the session and begins to append. Ends when the session is there. */
    CompletableFuture<Void> start() {
        insist("/v1/sessions", conversation, "{\"conversation\":\"" + conversation + "\"}");
        return created;
    }

    /** No message after the one at hand. Ends when that one is acknowledged, with the numbers of all. */
    CompletableFuture<List<Integer>> finish() {
        last = true;
        return done;
    }

    private void append() {
        if (last) {
            done.complete(List.copyOf(seqs));
            return;
        }
        int number = seqs.size() + 1;
        insist(
                "/v1/sessions/" + conversation + "/messages",
                conversation + "." + number,
                "{\"role\":\"user\",\"content\":\"" + text(number) + "\",\"tokens\":3}");
    }

    private void insist(String path, String key, String json) {
        HttpRequest request = HttpRequest.newBuilder(nodes.any(random).http(path))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
        var unused = CLIENT.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                .whenComplete((answer, failure) -> {
                    if (failure != null) {
                        tries.unanswered.increment();
                        after(LEAST_DELAY_MILLIS + random.nextInt(DELAYS_MILLIS), () -> insist(path, key, json));
                    } else {
                        answered(answer, () -> insist(path, key, json));
                    }
                });
    }

    private void answered(HttpResponse<String> answer, Runnable again) {
        int status = answer.statusCode();
        if (status == 503 && answer.headers().firstValue("Retry-After").isPresent()) {
            tries.refused.increment();
            after(LEAST_DELAY_MILLIS + random.nextInt(DELAYS_MILLIS), again);
        } else if (status == 200 || status == 201) {
            if (status == 200) {
                tries.repeated.increment();
            }
            acknowledged(answer.body());
        } else {
            fail(new AssertionError(conversation + " was answered " + status + " " + answer.body()));
        }
    }

    private void acknowledged(String body) {
        try {
            JsonNode json = JSON.readTree(body);
            if (!created.isDone()) {
                created.complete(null);
            } else if (json.path("seq").isInt()) {
                seqs.add(json.path("seq").intValue());
            } else {
                fail(new AssertionError("an append was answered without a number: " + body));
                return;
            }
            after(random.nextInt(2 * paceMillis), this::append);
        } catch (JsonProcessingException e) {
            fail(e);
        }
    }

    private void after(int millis, Runnable next) {
        var unused = later.schedule(next, millis, TimeUnit.MILLISECONDS);
    }

    private void fail(Throwable why) {
        created.completeExceptionally(why);
        done.completeExceptionally(why);
    }
}
