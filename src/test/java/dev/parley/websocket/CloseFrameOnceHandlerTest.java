package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class CloseFrameOnceHandlerTest {

    private final EmbeddedChannel channel = new EmbeddedChannel(new CloseFrameOnceHandler());

    @AfterEach
    void close() {
        boolean unused = channel.finishAndReleaseAll();
    }

    @Test
    void oneCloseFramePassesAndAnotherCountsAsWrittenAndIsReleased() {
        CloseWebSocketFrame first = new CloseWebSocketFrame(3001, "first");
        CloseWebSocketFrame second = new CloseWebSocketFrame(1000, "second");
        assertThat(channel.writeOneOutbound(new TextWebSocketFrame("hi")).isSuccess())
                .isFalse();
        var unused = channel.writeAndFlush(first);
        assertThat(channel.writeAndFlush(second).isSuccess()).isTrue();
        assertThat(channel.outboundMessages()).hasSize(2).last().isSameAs(first);
        assertThat(second.refCnt()).isZero();
    }

    @Test
    void aClientThatGoesInTheMiddleOfAMessageIsNobodysError() {
        channel.pipeline().fireExceptionCaught(new PrematureChannelClosureException("in the middle of a message"));
        channel.checkException();
        channel.pipeline().fireExceptionCaught(new IllegalStateException("a fault"));
        assertThatThrownBy(channel::checkException).hasMessage("a fault");
    }
}
