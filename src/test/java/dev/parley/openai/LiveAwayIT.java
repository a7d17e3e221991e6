package dev.parley.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.node.Relay;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Answers that are followed or waited for when the node that computes them is gone, or Redis between the nodes. */
class LiveAwayIT {

    private final FakeUpstream upstream = new FakeUpstream();
    private final Relay network = Relay.to(URI.create(TestRedis.uri()));
    private final TestNode computing = Caller.node(upstream.url(), "redis.uri", "redis://127.0.0.1:" + network.port());
    private final TestNode other = Caller.node(upstream.url());
    private final Caller agent = new Caller();
    private final String said = "q-" + Ids.random();

    @AfterEach
    void close() {
        computing.close();
        other.close();
        network.close();
        upstream.close();
    }

    private Listening leader() {
        Listening leader = agent.listen(computing, "m-held", said);
        Await.until("the model is asked", () -> upstream.calls(said) == 1);
        upstream.open(said, 1);
        return leader;
    }

    private static void awaitWords(List<Listening> all) {
        Await.until(
                "everybody has heard the first words",
                () -> all.stream().allMatch(one -> one.said().equals(FakeUpstream.FIRST)));
    }

    private static void awaitEnd(Listening one, String end) {
        Await.until("it has ended", () -> one.end() != null);
        assertThat(one.end()).isEqualTo(end);
    }

    @Test
    void whoFollowsOnAnotherNodeIsCutOffWhenNothingIsHeardOfTheOneThatComputes() {
        Listening leader = leader();
        Listening here = agent.listen(computing, "m-held", said);
        Listening there = agent.listen(other, "m-held", said);
        awaitWords(List.of(leader, here, there));
        network.cut();
        awaitEnd(there, "cut");
        assertThat(there.said()).isEqualTo(FakeUpstream.FIRST);
        assertThat(here.end()).as("on its own node it goes on").isNull();
        upstream.open(said, 2);
        awaitEnd(here, "whole");
        awaitEnd(leader, "whole");
        assertThat(here.said()).isEqualTo(FakeUpstream.ANSWER);
    }

    @Test
    void aNodeThatStopsCutsOffWhatItComputes() {
        Listening leader = leader();
        Listening there = agent.listen(other, "m-held", said);
        awaitWords(List.of(leader, there));
        computing.close();
        awaitEnd(there, "cut");
        upstream.open(said, 2);
        Answer next = agent.ask(other, "m-1", said, "");
        assertThat(next.status()).isEqualTo(200);
        assertThat(upstream.calls(said)).isEqualTo(2);
    }

    @Test
    void whoWaitsForTheWholeTakesOverSoonWhenNothingIsHeardOfTheNodeThatComputes() {
        CompletableFuture<Answer> hanging =
                CompletableFuture.supplyAsync(() -> agent.ask(computing, "m-hang-once", said, ""));
        Await.until("the model is asked", () -> upstream.calls(said) == 1);
        CompletableFuture<Answer> there =
                CompletableFuture.supplyAsync(() -> agent.ask(other, "m-hang-once", said, ""));
        Await.until("it waits", () -> other.metric("parley_cache_waiting") == 1);
        network.cut();
        Await.within(Duration.ofSeconds(12), "it is answered", there::isDone);
        assertThat(there.join().header(Caller.MARK)).isEqualTo("miss; reason=absent");
        assertThat(upstream.calls(said)).isEqualTo(2);
        assertThat(hanging).isNotDone();
    }

    @Test
    void whileRedisIsAwayThoseOfOneNodeFollow() {
        network.cut();
        Await.until("the gate is told", () -> computing.metric("parley_redis_up") == 0);
        Listening leader = leader();
        Listening here = agent.listen(computing, "m-held", said);
        awaitWords(List.of(leader, here));
        assertThat(here.mark()).isEqualTo("joined");
        upstream.open(said, 2);
        awaitEnd(here, "whole");
        awaitEnd(leader, "whole");
        assertThat(here.body()).isEqualTo(leader.body());
        assertThat(upstream.calls(said)).isEqualTo(1);
    }
}
