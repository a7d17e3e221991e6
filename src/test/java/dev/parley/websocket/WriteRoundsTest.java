package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WriteRoundsTest {

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final WriteRounds rounds;
    private final List<String> written = new ArrayList<>();

    WriteRoundsTest() {
        channel.freezeTime();
        rounds = new WriteRounds(channel.eventLoop());
    }

    private void join(String name, Duration takes) {
        rounds.join(() -> {
            written.add(name);
            channel.advanceTimeBy(takes.toNanos(), TimeUnit.NANOSECONDS);
        });
    }

    private void pass(Duration time) {
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runPendingTasks();
    }

    @Test
    void whoHasLittleToWriteWaitsForNothing() {
        for (int i = 0; i < 3; i++) {
            join("w" + i, Duration.ZERO);
            assertThat(written).as("not before what the loop does now is done").hasSize(i);
            channel.runPendingTasks();
        }
        assertThat(written).containsExactly("w0", "w1", "w2");
    }

    @Test
    void whatComesWhileALoopIsBusyIsWrittenTogether() {
        join("a", Duration.ofMillis(1));
        join("b", Duration.ofMillis(1));
        channel.runPendingTasks();
        assertThat(written).containsExactly("a", "b");
        join("c", Duration.ZERO);
        pass(Duration.ofMillis(4));
        join("d", Duration.ZERO);
        pass(Duration.ofNanos(1_999_999));
        assertThat(written).as("a round of 2 ms keeps the next one for 6 ms").containsExactly("a", "b");
        pass(Duration.ofNanos(1));
        assertThat(written).containsExactly("a", "b", "c", "d");
        join("e", Duration.ZERO);
        channel.runPendingTasks();
        assertThat(written).endsWith("e");
    }

    @Test
    void nobodyWaitsForLongerThanTenMilliseconds() {
        join("a", Duration.ofSeconds(1));
        channel.runPendingTasks();
        join("b", Duration.ZERO);
        pass(Duration.ofMillis(9));
        assertThat(written).containsExactly("a");
        pass(Duration.ofMillis(1));
        assertThat(written).containsExactly("a", "b");
    }

    @Test
    void aSocketThatCanNotBeWrittenHoldsUpNoOther() {
        rounds.join(() -> {
            throw new IllegalStateException("this socket's trouble");
        });
        join("b", Duration.ZERO);
        channel.runPendingTasks();
        assertThat(written).containsExactly("b");
    }

    @Test
    void whatJoinsInARoundIsTheNextOnes() {
        rounds.join(() -> join("late", Duration.ZERO));
        join("a", Duration.ZERO);
        channel.runPendingTasks();
        assertThat(written).containsExactly("a", "late");
    }

    @Test
    void anyThreadMayJoinAndTheLoopWrites() {
        EventLoop loop = new DefaultEventLoop();
        CompletableFuture<Boolean> there = new CompletableFuture<>();
        new WriteRounds(loop).join(() -> there.complete(loop.inEventLoop()));
        assertThat(there.orTimeout(10, TimeUnit.SECONDS).join()).isTrue();
        loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
