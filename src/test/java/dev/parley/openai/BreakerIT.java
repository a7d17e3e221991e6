package dev.parley.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.node.Relay;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An upstream that is away, and comes back. */
class BreakerIT {

    /** Of a gateway that asks nobody else. */
    private static final Duration AT_ONCE = Duration.ofSeconds(2);

    private final FakeUpstream upstream = new FakeUpstream();
    private final Relay network = Relay.to(URI.create(upstream.url()));
    private final TestNode node =
            Caller.node(network.http("/v1").toString(), "upstream.retries", "0", "upstream.response-timeout", "1s");
    private final Caller agent = new Caller();

    @AfterEach
    void close() {
        node.close();
        network.close();
        upstream.close();
    }

    private Answer ask(String model) {
        return agent.ask(node, model, "q-" + Ids.random(), "");
    }

    private static String code(Answer answer) {
        return answer.json().at("/error/code").asText();
    }

    /** Asks until the breaker is open; what was answered before that. */
    private List<Answer> open(String model) {
        List<Answer> before = new ArrayList<>();
        Answer answer = ask(model);
        while (!code(answer).equals("upstream_unavailable")) {
            before.add(answer);
            assertThat(before).hasSizeLessThan(40);
            answer = ask(model);
        }
        return before;
    }

    /** Each try that fails doubles the time until the next one. */
    private void awaitLongWait(String model) {
        int[] tries = {0};
        Await.until("it was tried again in vain", () -> {
            tries[0] += ask(model).status() == 500 ? 1 : 0;
            return tries[0] == 4;
        });
    }

    private void assertRefusedAtOnce(String more) {
        long before = System.nanoTime();
        Answer refused = agent.ask(node, "m-sick", "q-" + Ids.random(), more);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Patience.of(AT_ONCE));
        assertThat(refused.status()).as("%s", refused).isEqualTo(503);
        assertThat(code(refused)).isEqualTo("upstream_unavailable");
        assertThat(refused.json().at("/error/type").asText()).isEqualTo("server_error");
        assertThat(refused.json().at("/error/message").asText()).isNotEmpty();
        assertThat(refused.header("Retry-After")).isEqualTo("1");
        assertThat(refused.header(Caller.MARK)).isEqualTo("miss; reason=absent");
    }

    private void awaitBack(String model) {
        Await.until("the breaker is closed", () -> ask(model).status() == 200);
        for (int i = 0; i < 20; i++) {
            assertThat(ask(model).status()).isEqualTo(200);
        }
    }

    @Test
    void whoAnswers500AgainAndAgainIsLeftAloneForAWhile() {
        assertThat(agent.ask(node, "m-1", "kept", "").status()).isEqualTo(200);
        assertThat(open("m-sick")).allMatch(answer -> answer.status() == 500).hasSizeBetween(9, 32);
        awaitLongWait("m-sick");
        assertThat(node.metric("parley_upstream_refusing")).isEqualTo(1);
        int asked = upstream.calls();
        assertRefusedAtOnce("");
        assertRefusedAtOnce(Caller.STREAM);
        assertThat(agent.ask(node, "m-1", "kept", "").header(Caller.MARK)).isEqualTo("hit-exact");
        assertThat(upstream.calls()).isEqualTo(asked);
        upstream.heal();
        awaitBack("m-sick");
    }

    @Test
    void aModelThatFailsKeepsNobodyFromAnother() {
        List<Answer> unused = open("m-500");
        for (int i = 0; i < 20; i++) {
            assertThat(ask("m-1").status()).isEqualTo(200);
        }
    }

    @Test
    void oneCallOfAnSdkThatTriesAgainIsOneCallHere() {
        for (int i = 0; i < 9; i++) {
            assertThat(agent.ask(node, "m-503", "the same", "", "x-stainless-retry-count", Integer.toString(i % 3))
                            .status())
                    .isEqualTo(503);
        }
        assertThat(upstream.calls("the same")).isEqualTo(9);
        assertThat(ask("m-1").status()).isEqualTo(200);
    }

    @Test
    void whoCantBeReachedIsLeftAloneUntilHeIsBack() {
        int port = upstream.port();
        upstream.close();
        try (TestNode unreached = Caller.node(upstream.url(), "upstream.retries", "0")) {
            int before = 0;
            Answer answer = agent.ask(unreached, "m-1", "q", "");
            while (answer.status() == 502) {
                assertThat(code(answer)).isEqualTo("upstream_unreachable");
                assertThat(before++).isLessThan(40);
                answer = agent.ask(unreached, "m-1", "q", "");
            }
            assertThat(code(answer)).isEqualTo("upstream_unavailable");
            try (FakeUpstream back = new FakeUpstream(port)) {
                Await.until(
                        "it is asked again",
                        () -> agent.ask(unreached, "m-1", "q", "").status() == 200);
                assertThat(back.calls()).isEqualTo(1);
            }
        }
    }

    @Test
    void whoHangsUpWithoutAWordIsLeftAloneToo() {
        network.cut();
        assertThat(open("m-1")).allMatch(answer -> answer.status() == 502);
        network.mend();
        awaitBack("m-1");
    }

    @Test
    void whatACallerDoesWrongIsNotCounted() {
        for (int i = 0; i < 40; i++) {
            assertThat(ask("m-400").status()).isEqualTo(400);
            assertThat(ask("m-429").status()).isEqualTo(429);
        }
        assertThat(ask("m-1").status()).isEqualTo(200);
    }

    @Test
    void aLongStreamThatFindsItBackKeepsNobodyWaiting() throws IOException {
        List<Answer> unused = open("m-sick");
        upstream.heal();
        Socket stream = begun("m-sick");
        assertThat(ask("m-sick").status()).isEqualTo(200);
        stream.close();
    }

    /** A stream without end that the upstream answers. */
    private Socket begun(String model) throws IOException {
        while (true) {
            Socket stream = agent.socket(node, model, "q-" + Ids.random());
            if (new String(stream.getInputStream().readNBytes(12), java.nio.charset.StandardCharsets.US_ASCII)
                    .endsWith("200")) {
                return stream;
            }
            stream.close();
        }
    }

    @Test
    void callersWhoDoNotReadAreNoFaultOfTheUpstreams() throws IOException {
        List<Socket> stalled = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            stalled.add(agent.socket(node, "m-flood", "q-" + Ids.random()));
        }
        Await.until("they are given up", () -> upstream.left() == stalled.size());
        try (Socket next = agent.socket(node, "m-flood", "q-" + Ids.random())) {
            assertThat(new String(next.getInputStream().readNBytes(12), java.nio.charset.StandardCharsets.US_ASCII))
                    .endsWith("200");
        }
        for (Socket each : stalled) {
            each.close();
        }
    }

    @Test
    void whoAsksTheSameMeanwhileIsRefusedAtOnceAndNotOneAfterTheOther() {
        List<Answer> unused = open("m-500");
        long before = System.nanoTime();
        List<Answer> refused = agent.together(200, node, "m-500", "the same");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Patience.ofSeconds(10));
        assertThat(refused).allMatch(answer -> answer.status() >= 500);
        assertThat(upstream.calls("the same")).isLessThanOrEqualTo(2);
    }
}
