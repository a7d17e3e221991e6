package dev.parley.bench.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.load.Stamp;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FollowerTest {

    private static final int RUN = 7;
    private static final int TEXT = 0x81;

    private final Fleet fleet = new Fleet(
            new EmbeddedChannel().eventLoop(),
            List.of(InetSocketAddress.createUnresolved("nowhere", 80)),
            new AtOnce(),
            RUN,
            conversation -> "c",
            conversation -> 0);
    private final Follower follower = new Follower(fleet, 0, 0, 0);
    private EmbeddedChannel socket = connect();

    @Test
    void aReturnIsTimedUntilAllThatWasMissedIsThere() {
        cutAndComeBack(2, ago(10));
        event(0);
        assertThat(follower.isBehind()).isTrue();
        assertThat(fleet.replay().getTotalCount()).isZero();

        event(1);
        assertThat(follower.isBehind()).isFalse();
        assertTookSeconds(10);
    }

    /** Who reads over it has waited since the first time, and would not be seen at all if only the last one counted. */
    @Test
    void oneThatIsCutAgainBeforeItHasCaughtUpIsTimedFromItsFirstReturn() {
        cutAndComeBack(2, ago(10));
        event(0);
        cutAndComeBack(3, ago(1));
        event(1);
        assertThat(follower.isBehind()).isTrue();

        event(2);
        assertThat(follower.isBehind()).isFalse();
        assertTookSeconds(10);
    }

    @Test
    void oneThatIsCutAgainWhenItHasCaughtUpReturnsTwice() {
        cutAndComeBack(1, ago(10));
        event(0);
        assertTookSeconds(10);
        cutAndComeBack(2, ago(5));
        event(1);
        assertTookSeconds(5);
    }

    @Test
    void oneThatCannotBeServedNowLeavesAndIsNoProblem() {
        Fleet busy = new Fleet(
                new EmbeddedChannel().eventLoop(),
                List.of(InetSocketAddress.createUnresolved("nowhere", 80)),
                new Refusing(),
                RUN,
                conversation -> "c",
                conversation -> 0);
        Follower refused = new Follower(busy, 0, 0, 0);
        EmbeddedChannel channel = new EmbeddedChannel(refused);
        channel.writeInbound(Unpooled.copiedBuffer("HTTP/1.1 101 Go\r\n\r\n", StandardCharsets.US_ASCII));
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {(byte) TEXT, 1, '-'}));

        assertThat(channel.isOpen()).isFalse();
        assertThat(refused.closedFor(System.nanoTime())).isNotNegative();
        assertThat(busy.problems()).isEmpty();
    }

    private record Refusing() implements Dialect {

        @Override
        public String path(String conversation, @Nullable String since) {
            return "/";
        }

        @Override
        public Step step(String text, String conversation) {
            return Step.again(1_000);
        }
    }

    private void assertTookSeconds(int seconds) {
        Histogram replay = fleet.replay();
        assertThat(replay.getTotalCount()).isEqualTo(1);
        assertThat(TimeUnit.NANOSECONDS.toSeconds(replay.getMaxValue())).isBetween((long) seconds, seconds + 3L);
    }

    private static long ago(int seconds) {
        return System.nanoTime() - TimeUnit.SECONDS.toNanos(seconds);
    }

    private EmbeddedChannel connect() {
        EmbeddedChannel channel = new EmbeddedChannel(follower);
        channel.writeInbound(Unpooled.copiedBuffer("HTTP/1.1 101 Go\r\n\r\n", StandardCharsets.US_ASCII));
        return channel;
    }

    private void cutAndComeBack(int until, long when) {
        boolean unused = socket.finishAndReleaseAll();
        follower.comesBack(until, when);
        socket = connect();
    }

    private void event(int number) {
        byte[] frame = new byte[2 + Stamp.LENGTH];
        frame[0] = (byte) TEXT;
        frame[1] = Stamp.LENGTH;
        Stamp.put(frame, 2, RUN, 0, number, System.nanoTime());
        socket.writeInbound(Unpooled.wrappedBuffer(frame));
    }
}
