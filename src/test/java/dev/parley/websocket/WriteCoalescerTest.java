package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.support.Patience;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WriteCoalescerTest {

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final WriteCoalescer rounds;
    private final List<String> written = new ArrayList<>();

    WriteCoalescerTest() {
        channel.freezeTime();
        rounds = new WriteCoalescer(channel.eventLoop());
    }

    private void join(String name) {
        rounds.join(() -> written.add(name));
    }

    private void round(int sockets) {
        for (int i = 0; i < sockets; i++) {
            rounds.join(() -> true);
        }
        channel.runPendingTasks();
    }

    private void pass(Duration time) {
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runPendingTasks();
    }

    @Test
    void whoHasLittleToWriteWaitsForNothing() {
        for (int i = 0; i < 3; i++) {
            round(99);
            join("w" + i);
            assertThat(written).as("not before what the loop does now is done").hasSize(i);
            channel.runPendingTasks();
        }
        assertThat(written).containsExactly("w0", "w1", "w2");
    }

    @Test
    void whatComesWhileALoopIsBusyIsWrittenTogether() {
        round(200);
        join("a");
        pass(Duration.ofMillis(1));
        join("b");
        pass(Duration.ofNanos(999_999));
        assertThat(written).as("200 sockets keep the next ones for 2 ms").isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(written).containsExactly("a", "b");
        join("c");
        channel.runPendingTasks();
        assertThat(written).endsWith("c");
    }

    @Test
    void whoWritesNothingMakesNobodyWait() {
        for (int i = 0; i < 1_000; i++) {
            rounds.join(() -> false);
        }
        channel.runPendingTasks();
        join("a");
        channel.runPendingTasks();
        assertThat(written).containsExactly("a");
    }

    @Test
    void nobodyWaitsForLongerThanTenMilliseconds() {
        round(20_000);
        join("a");
        pass(Duration.ofNanos(9_999_999));
        assertThat(written).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(written).containsExactly("a");
    }

    @Test
    void aSocketThatCanNotBeWrittenHoldsUpNoOther() {
        rounds.join(() -> {
            throw new IllegalStateException("this socket's trouble");
        });
        join("b");
        channel.runPendingTasks();
        assertThat(written).containsExactly("b");
    }

    @Test
    void whatJoinsInARoundIsTheNextOnes() {
        rounds.join(() -> {
            join("late");
            return true;
        });
        join("a");
        channel.runPendingTasks();
        assertThat(written).containsExactly("a", "late");
    }

    @Test
    void anyThreadMayJoinAndTheLoopWrites() {
        EventLoop loop = new DefaultEventLoop();
        CompletableFuture<Boolean> there = new CompletableFuture<>();
        new WriteCoalescer(loop).join(() -> there.complete(loop.inEventLoop()));
        assertThat(there.orTimeout(Patience.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS)
                        .join())
                .isTrue();
        loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
