package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DuplexChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LingeringCloseHandlerTest {

    /** A connection of which either half can be ended by itself. */
    private static final class TwoHalves extends EmbeddedChannel implements DuplexChannel {
        private boolean inputEnded;
        private boolean outputEnded;
        private boolean reads = true;

        TwoHalves() {
            super(new LingeringCloseHandler());
            freezeTime();
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer in) throws Exception {
            if (reads) {
                super.doWrite(in);
            }
        }

        @Override
        public boolean isInputShutdown() {
            return inputEnded;
        }

        @Override
        public ChannelFuture shutdownInput() {
            return shutdownInput(newPromise());
        }

        @Override
        public ChannelFuture shutdownInput(ChannelPromise promise) {
            inputEnded = true;
            return promise.setSuccess();
        }

        @Override
        public boolean isOutputShutdown() {
            return outputEnded;
        }

        @Override
        public ChannelFuture shutdownOutput() {
            return shutdownOutput(newPromise());
        }

        @Override
        public ChannelFuture shutdownOutput(ChannelPromise promise) {
            outputEnded = true;
            return promise.setSuccess();
        }

        @Override
        public boolean isShutdown() {
            return inputEnded && outputEnded;
        }

        @Override
        public ChannelFuture shutdown() {
            return shutdown(newPromise());
        }

        @Override
        public ChannelFuture shutdown(ChannelPromise promise) {
            inputEnded = true;
            return shutdownOutput(promise);
        }
    }

    private final TwoHalves connection = new TwoHalves();

    @AfterEach
    void close() {
        connection.reads = true;
        var unused = closeConnection();
        connection.advanceTimeBy(2, TimeUnit.SECONDS);
        connection.runPendingTasks();
        assertThat(connection.isOpen()).isFalse();
        boolean unusedRest = connection.finishAndReleaseAll();
    }

    /** Through the pipeline: by itself an EmbeddedChannel cancels what is scheduled. */
    private ChannelFuture closeConnection() {
        return connection.pipeline().close();
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    @Test
    void whatComesBeforeTheCloseIsPassedOn() {
        assertThat(connection.writeInbound(bytes("hi"))).isTrue();
    }

    @Test
    void itsOwnHalfEndsAndWhatStillComesIsDroppedForTwoSeconds() {
        connection.config().setAutoRead(false);
        ChannelFuture closed = closeConnection();
        ChannelFuture again = closeConnection();
        assertThat(connection.isOutputShutdown()).isTrue();
        assertThat(connection.config().isAutoRead()).isTrue();
        assertThat(connection.isOpen()).isTrue();
        ByteBuf late = bytes("late");
        assertThat(connection.writeInbound(late)).isFalse();
        assertThat(late.refCnt()).isZero();
        assertThat(closed.isDone()).isFalse();

        connection.advanceTimeBy(1_999, TimeUnit.MILLISECONDS);
        connection.runPendingTasks();
        assertThat(connection.isOpen()).isTrue();
        connection.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        connection.runPendingTasks();
        assertThat(connection.isOpen()).isFalse();
        assertThat(closed.isSuccess()).isTrue();
        assertThat(again.isSuccess()).isTrue();
    }

    @Test
    void aConnectionWhoseClientDoesNotReadIsClosedImmediately() {
        connection.reads = false;
        var unused = connection.writeAndFlush(bytes("unread"));
        var unusedToo = closeConnection();
        assertThat(connection.isOutputShutdown()).isFalse();
        assertThat(connection.isOpen()).isFalse();
    }
}
