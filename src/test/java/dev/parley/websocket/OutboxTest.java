package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.EncodedFrame;
import dev.parley.protocol.ServerFrames;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

class OutboxTest {

    /** Frames of 100 bytes: the outbox takes ten, of which the channel takes two before it is not writable. */
    private static final int SIZE = 100;

    private static final int LIMIT = 10 * SIZE;

    /** A peer that may stop reading: then what is flushed stays in the channel's buffer, as with a full TCP window. */
    private static final class Peer extends EmbeddedChannel {
        private boolean reads = true;

        Peer() {
            super(new WebSocket13FrameEncoder(false));
            config().setWriteBufferWaterMark(new WriteBufferWaterMark(SIZE, 2 * SIZE - 1));
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer in) throws Exception {
            if (reads) {
                super.doWrite(in);
            }
        }

        void stopReading() {
            reads = false;
        }

        void readAgain() {
            reads = true;
            flush();
            runPendingTasks();
        }

        /** The numbers of the frames that came; several may come in one buffer. */
        List<Integer> got() {
            runPendingTasks();
            List<Integer> numbers = new ArrayList<>();
            for (ByteBuf buffer; (buffer = readOutbound()) != null; buffer.release()) {
                while (buffer.isReadable()) {
                    int length = buffer.skipBytes(1).readByte();
                    String json = buffer.readCharSequence(length, StandardCharsets.UTF_8)
                            .toString();
                    numbers.add(Integer.parseInt(json.replaceAll("\\D", "")));
                }
            }
            return numbers;
        }
    }

    private final Peer peer = new Peer();
    private final AtomicInteger overflows = new AtomicInteger();
    private final WriteCoalescer rounds = new WriteCoalescer(peer.eventLoop());
    private final Outbox outbox = new Outbox(peer, rounds, LIMIT, overflows::incrementAndGet);

    OutboxTest() {
        peer.pipeline().addFirst(new IdleMonitor(peer.eventLoop().ticker(), outbox::drain));
    }

    @AfterEach
    void nothingIsLeft() {
        peer.readAgain();
        boolean unused = peer.finishAndReleaseAll();
        assertThat(peer.isOpen()).isFalse();
    }

    private static EncodedFrame frame(int number) {
        String padded = "\"" + number + "\"";
        int empty = ServerFrames.pong("").size();
        return ServerFrames.pong(" ".repeat(SIZE - empty - padded.length()) + padded);
    }

    private void offer(int from, int to) {
        for (int i = from; i < to; i++) {
            outbox.offer(frame(i));
        }
        peer.runPendingTasks();
    }

    @Test
    void theFramesOfThisTestAreOfTheSizeThatItSays() {
        assertThat(frame(7).size()).isEqualTo(SIZE);
        assertThat(frame(1234).size()).isEqualTo(SIZE);
    }

    @Test
    void framesAreWrittenInOrder() {
        offer(0, 5);
        assertThat(peer.got()).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void framesOfferedOnAnotherThreadAreWrittenByTheEventLoop() {
        outbox.offer(frame(1));
        assertThat(peer.outboundMessages()).isEmpty();
        peer.runPendingTasks();
        assertThat(peer.got()).containsExactly(1);
    }

    private void keepBusy() {
        for (int i = 0; i < 1_000; i++) {
            rounds.join(() -> true);
        }
        peer.runPendingTasks();
    }

    @Test
    void framesOfABusyLoopWaitForItsNextRoundUnlessTheyAreAQuarterOfWhatMayWait() {
        peer.freezeTime();
        keepBusy();
        offer(0, 2);
        assertThat(peer.got()).isEmpty();
        peer.advanceTimeBy(10, TimeUnit.MILLISECONDS);
        assertThat(peer.got()).containsExactly(0, 1);
        keepBusy();
        offer(2, 5);
        assertThat(peer.got()).containsExactly(2, 3, 4);
    }

    @Test
    void aFrameThatIsAQuarterByItselfWaitsForNoRound() {
        peer.freezeTime();
        keepBusy();
        outbox.offer(ServerFrames.pong("\"" + " ".repeat(3 * SIZE) + "\""));
        peer.runPendingTasks();
        assertThat(peer.outboundMessages()).isNotEmpty();
    }

    @Test
    void whatIsOfferedAfterADrainStillGetsItsRound() {
        peer.freezeTime();
        keepBusy();
        outbox.offer(frame(0));
        outbox.drain();
        outbox.offer(frame(1));
        assertThat(peer.got()).containsExactly(0);
        peer.advanceTimeBy(10, TimeUnit.MILLISECONDS);
        assertThat(peer.got()).containsExactly(1);
    }

    @Test
    void framesWaitWhileTheChannelIsFullAndGoInOrderAfterwards() {
        peer.stopReading();
        offer(0, 10);
        assertThat(peer.isWritable()).isFalse();
        assertThat(peer.got()).isEmpty();
        peer.readAgain();
        offer(10, 12);
        assertThat(peer.got()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        assertThat(overflows).hasValue(0);
    }

    @Test
    void whoOffersMuchInOneTurnOfTheEventLoopDoesNotOverflowWhatThePeerCouldHaveRead() {
        for (int i = 0; i < 50; i++) {
            outbox.offer(frame(i));
        }
        assertThat(overflows).hasValue(0);
        assertThat(peer.got()).hasSize(50).isSorted();
    }

    @Test
    void aFrameTooManyOverflowsOnceAndNothingIsTakenAfterIt() {
        peer.stopReading();
        offer(0, 2);
        offer(2, 12);
        assertThat(overflows).as("the channel has two, the outbox ten").hasValue(0);
        offer(12, 20);
        assertThat(overflows).hasValue(1);
        peer.readAgain();
        offer(20, 25);
        assertThat(peer.got()).as("what was written before").containsExactly(0, 1);
        assertThat(overflows).hasValue(1);
    }

    @Test
    void overflowIsToldOnceHoweverManyThreadsCauseIt() throws Exception {
        peer.stopReading();
        offer(0, 2);
        int threads = 4;
        CyclicBarrier barrier = new CyclicBarrier(threads);
        List<Thread> offering = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            Thread thread = new Thread(() -> {
                try {
                    barrier.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                for (int i = 0; i < 50; i++) {
                    outbox.offer(frame(i));
                }
            });
            offering.add(thread);
            thread.start();
        }
        for (Thread thread : offering) {
            thread.join();
        }
        assertThat(overflows).hasValue(1);
    }

    @Test
    void aSingleFrameMayBeLargerThanTheOutbox() {
        EncodedFrame large = ServerFrames.pong(" ".repeat(2 * LIMIT) + "77");
        outbox.offer(large);
        peer.runPendingTasks();
        assertThat(overflows).hasValue(0);
        ByteBuf written = peer.readOutbound();
        assertThat(written.readableBytes()).isEqualTo(large.size());
        written.release();
    }

    @Test
    void anEphemeralFrameIsTakenOnlyWhileHalfOfTheOutboxIsFree() {
        peer.stopReading();
        offer(0, 2);
        offer(2, 6);
        outbox.offerEphemeral(frame(100));
        outbox.offerEphemeral(frame(101));
        peer.runPendingTasks();
        offer(6, 7);
        peer.readAgain();
        assertThat(peer.got()).containsExactly(0, 1, 2, 3, 4, 5, 100, 6);
        assertThat(overflows).hasValue(0);
    }

    @Test
    void ephemeralFramesNeverOverflow() {
        peer.stopReading();
        for (int i = 0; i < 100; i++) {
            outbox.offerEphemeral(frame(i));
        }
        assertThat(overflows).hasValue(0);
        outbox.offer(frame(1));
        assertThat(overflows).hasValue(0);
    }

    @Test
    void thereIsRoomAtOnceInAnEmptyOutbox() {
        AtomicInteger rooms = new AtomicInteger();
        Disposable waiting = outbox.room().subscribe(null, null, rooms::incrementAndGet);
        assertThat(rooms).hasValue(1);
        waiting.dispose();
    }

    @Test
    void thereIsRoomAgainWhenThreeQuartersHaveGone() {
        peer.stopReading();
        offer(0, 10);
        AtomicInteger rooms = new AtomicInteger();
        Disposable one = outbox.room().subscribe(null, null, rooms::incrementAndGet);
        Disposable other = outbox.room().subscribe(null, null, rooms::incrementAndGet);
        Disposable gone = outbox.room().subscribe(null, null, () -> rooms.addAndGet(100));
        gone.dispose();
        peer.runPendingTasks();
        assertThat(rooms).hasValue(0);
        peer.readAgain();
        assertThat(rooms).hasValue(2);
        one.dispose();
        other.dispose();
        assertThat(peer.got()).hasSize(10);
    }

    @Test
    void atTheEndWhatIsLeftIsWrittenWritableOrNot() {
        peer.stopReading();
        offer(0, 8);
        outbox.finish();
        outbox.offer(frame(99));
        peer.readAgain();
        assertThat(peer.got()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    }

    @Test
    void whatOverflowedIsNotWrittenAtTheEnd() {
        peer.stopReading();
        offer(0, 2);
        offer(2, 20);
        outbox.finish();
        peer.readAgain();
        assertThat(peer.got()).containsExactly(0, 1);
    }

    @Test
    void aClosedOutboxWritesNothingMore() {
        outbox.offer(frame(1));
        outbox.close();
        peer.runPendingTasks();
        outbox.offer(frame(2));
        outbox.offerEphemeral(frame(3));
        assertThat(peer.got()).isEmpty();
    }
}
