package dev.parley.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Many ask for the same at once, on two nodes, and the model does not answer. */
class FailedFlightIT {

    private static final int EACH = 15;

    private static FakeUpstream upstream;
    private static TestNode node;
    private static TestNode other;

    private final Caller agent = new Caller();
    private final String said = "q-" + Ids.random();
    private final ExecutorService callers = Executors.newFixedThreadPool(2 * EACH);

    /** Keys by which nodes say that they wait for a flight of another one. */
    private static final String AWAITED = "*:awaited";

    @BeforeAll
    static void start() {
        upstream = new FakeUpstream();
        node = Caller.node(upstream.url(), "upstream.retries", "0");
        other = Caller.node(upstream.url(), "upstream.retries", "0");
    }

    @AfterAll
    static void stop() {
        node.close();
        other.close();
        upstream.close();
    }

    @AfterEach
    void close() {
        callers.shutdownNow();
    }

    private <T> CompletableFuture<T> begin(Supplier<T> call) {
        return CompletableFuture.supplyAsync(call, callers);
    }

    /** One whom the model is asked for, and more on both nodes who wait for that. */
    private List<CompletableFuture<Answer>> waiting(String model) {
        CompletableFuture<Answer> first = begin(() -> agent.ask(node, model, said, ""));
        Await.until("the model is asked", () -> upstream.calls(said) == 1);
        List<CompletableFuture<Answer>> all = IntStream.range(0, 2 * EACH - 1)
                .mapToObj(i -> begin(() -> agent.ask(i < EACH - 1 ? node : other, model, said, "")))
                .toList();
        Await.until(
                "the others wait",
                () -> node.metric("parley_cache_waiting") == EACH - 1 && other.metric("parley_cache_waiting") == EACH);
        // Who joined those that wait already learns with their next look for which flight. The second look follows the
        // first one's reply.
        awaitLook();
        awaitLook();
        return Stream.concat(Stream.of(first), all.stream()).toList();
    }

    private static void awaitLook() {
        TestRedis.commands().keys(AWAITED).forEach(TestRedis.commands()::del);
        Await.until(
                "the other node looks",
                () -> !TestRedis.commands().keys(AWAITED).isEmpty());
    }

    @Test
    void whatTheModelRefusesIsRefusedToAllWhoWaitWithOneCall() {
        List<CompletableFuture<Answer>> all = waiting("m-held-400");
        upstream.open(said, 1);
        assertThat(all).allSatisfy(one -> {
            Answer answer = one.join();
            assertThat(answer.status()).as("%s", answer).isEqualTo(400);
            assertThat(answer.json().at("/error/message").asText()).isEqualTo("held 1");
            assertThat(answer.header("x-request-id")).isEqualTo("r-1");
            assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        });
        assertThat(all.stream().map(one -> one.join().header(Caller.MARK)))
                .filteredOn(mark -> mark.equals("joined"))
                .hasSize(2 * EACH - 1);
        assertThat(upstream.calls(said)).isEqualTo(1);
        assertThat(agent.ask(node, "m-held-400", said, "")
                        .json()
                        .at("/error/message")
                        .asText())
                .as("it is not kept")
                .isEqualTo("held 2");
    }

    @Test
    void whatMayPassIsTriedByAllWhoWaitAtOnce() {
        List<CompletableFuture<Answer>> all = waiting("m-held-503-once");
        upstream.open(said, 1);
        assertThat(all.get(0).join().status()).isEqualTo(503);
        assertThat(all.subList(1, all.size()))
                .allSatisfy(one -> assertThat(one.join().status()).isEqualTo(200));
        assertThat(all.subList(1, all.size()))
                .as("what one of them gets may be there before another node hears of the failure")
                .allSatisfy(one -> assertThat(one.join().header(Caller.MARK))
                        .isIn("miss; reason=in_flight", "miss; reason=absent", "joined", "hit-exact"));
        assertThat(upstream.calls(said)).isBetween(EACH, 2 * EACH);
    }

    @Test
    void theSlowestOfThirtyWaitsOnlyAsLongAsTheModelTakes() {
        assertThat(agent.together(2 * EACH, node, "m-1", "warm")).hasSize(2 * EACH);
        long began = System.nanoTime();
        List<CompletableFuture<Answer>> all = IntStream.range(0, 2 * EACH)
                .mapToObj(i -> begin(() -> agent.ask(node, "m-late-400", said, "")))
                .toList();
        all.forEach(one -> assertThat(one.join().status()).isEqualTo(400));
        Duration slowest = Duration.ofNanos(System.nanoTime() - began);
        System.out.println("slowest of thirty: " + slowest.toMillis() + " ms, the model takes "
                + FakeUpstream.LATE.toMillis() + " ms");
        assertThat(slowest)
                .as("one after the other it would be a minute")
                .isLessThan(FakeUpstream.LATE.multipliedBy(5));
        assertThat(upstream.calls(said)).isLessThanOrEqualTo(3);
    }

    @Test
    void whoHasOtherCredentialsIsNotToldOfAnothersRefusal() {
        try (TestNode open = TestNode.start("upstream.url", upstream.url(), "upstream.retries", "0")) {
            CompletableFuture<Answer> bad = begin(() -> ask(open, "bad"));
            Await.until("the model is asked", () -> upstream.calls(said) == 1);
            CompletableFuture<Answer> same = begin(() -> ask(open, "bad"));
            CompletableFuture<Answer> good = begin(() -> ask(open, "good"));
            Await.until("they wait", () -> open.metric("parley_cache_waiting") == 2);
            upstream.open(said, 1);
            assertThat(bad.join().status()).isEqualTo(401);
            assertThat(same.join().status()).isEqualTo(401);
            assertThat(same.join().header(Caller.MARK)).isEqualTo("joined");
            assertThat(good.join().status()).isEqualTo(200);
            assertThat(upstream.calls(said)).isEqualTo(2);
        }
    }

    private Answer ask(TestNode at, String key) {
        return TestHttp.post(
                at.http("/v1/chat/completions"),
                "application/json",
                BodyPublishers.ofString(Caller.chat("m-held-401", said, "")),
                "Authorization",
                "Bearer " + key);
    }
}
