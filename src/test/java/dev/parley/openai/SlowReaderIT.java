package dev.parley.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.node.TestNode;
import dev.parley.support.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A caller that takes a stream more slowly than the model writes it. */
class SlowReaderIT {

    /** What sockets and the gateway hold of a stream that nobody reads: kernels' buffers, for the most part. */
    private static final long HELD = 32 << 20;

    private final FakeUpstream upstream = new FakeUpstream();
    private final TestNode node = Caller.node(upstream.url());
    private final Caller agent = new Caller();

    @AfterEach
    void close() {
        node.close();
        upstream.close();
    }

    /** Waits until nothing more is written. */
    private long still() {
        long[] last = {0, System.nanoTime()};
        Await.until("the model has to wait", () -> {
            long now = upstream.flooded();
            if (now != last[0]) {
                last[0] = now;
                last[1] = System.nanoTime();
            }
            return now > 0 && System.nanoTime() - last[1] > 500_000_000;
        });
        return last[0];
    }

    @Test
    void makesTheModelWaitAndNobodyElse() throws IOException {
        try (Socket slow = agent.socket(node, "m-flood", "slow")) {
            long held = still();
            assertThat(held).isLessThan(HELD);
            assertThat(agent.ask(node, "m-1", "quick", "").status()).isEqualTo(200);

            BufferedReader reader = new BufferedReader(new InputStreamReader(slow.getInputStream(), UTF_8));
            long next = 0;
            while (upstream.flooded() <= held) {
                String line = reader.readLine();
                if (line.startsWith("data: ")) {
                    assertThat(Json.read(line.substring(6).getBytes(UTF_8))
                                    .at("/choices/0/delta/content")
                                    .asText())
                            .startsWith(next + " ");
                    next++;
                }
            }
            assertThat(next).isPositive();
        }
        Await.until("the model is told that nobody listens", () -> upstream.left() == 1);
    }
}
