package dev.parley.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.node.Relay;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Models are asked while Redis is away: only nothing is found, and nothing kept. */
class RedisAwayIT {

    /** As many as there are threads for. */
    private static final int AT_ONCE = 16;

    private final FakeUpstream upstream = new FakeUpstream();
    private final Relay network = Relay.to(URI.create(TestRedis.uri()));
    private final TestNode node = Caller.node(upstream.url(), "redis.uri", "redis://127.0.0.1:" + network.port());
    private final Caller agent = new Caller();
    private final String said = "q-" + Ids.random();

    @AfterEach
    void close() {
        node.close();
        network.close();
        upstream.close();
    }

    private Answer ask(String more) {
        return agent.ask(node, "m-1", said, more);
    }

    private void awaitGate(int up) {
        Await.until("the gate is told", () -> node.metric("parley_redis_up") == up);
    }

    @Test
    void theModelAnswersAndTheCacheIsBackWithRedis() {
        assertThat(ask("").header(Caller.MARK)).isEqualTo("miss; reason=absent");
        assertThat(ask("").header(Caller.MARK)).isEqualTo("hit-exact");
        network.cut();
        awaitGate(0);
        for (String more : List.of("", Caller.STREAM)) {
            Answer away = ask(more);
            assertThat(away.status()).isEqualTo(200);
            assertThat(away.header(Caller.MARK))
                    .isEqualTo("miss; reason=unavailable%s", more.isEmpty() ? "; not-stored=unavailable" : "");
            assertThat(away.body()).contains("Nine");
        }
        assertThat(upstream.calls(said)).isEqualTo(3);
        network.mend();
        awaitGate(1);
        assertThat(ask("").header(Caller.MARK)).isEqualTo("hit-exact");
    }

    @Test
    void whoAsksTheSameOnThisNodeStillSharesOneCall() {
        network.cut();
        awaitGate(0);
        List<Answer> all = agent.together(AT_ONCE, node, "m-slow", said);
        assertThat(all).allMatch(answer -> answer.status() == 200);
        assertThat(upstream.calls(said)).isEqualTo(1);
        assertThat(all)
                .filteredOn(answer -> answer.header(Caller.MARK).equals("joined"))
                .hasSize(AT_ONCE - 1);
    }
}
