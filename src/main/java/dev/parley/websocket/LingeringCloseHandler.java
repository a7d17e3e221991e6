package dev.parley.websocket;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Lingering close: shuts down output only and drains input until the client has closed, so that the client receives the close frame instead
 * of a reset. A client that still sends while its connection is closed gets a reset, and may lose the close frame (RFC 9112, section 9.6,
 * describes the same for HTTP).
 */
final class LingeringCloseHandler extends ChannelDuplexHandler {

    private static final Duration LINGER = Duration.ofSeconds(2);

    private boolean over;

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (over) {
            var unused = context.channel().closeFuture().addListener(end -> promise.trySuccess());
        } else if (isAllWritten(context.channel()) && context.channel() instanceof DuplexChannel channel) {
            over = true;
            Future<?> cut = context.executor().schedule(() -> cut(context), LINGER.toMillis(), TimeUnit.MILLISECONDS);
            var unused = channel.closeFuture().addListener(end -> {
                boolean unusedCut = cut.cancel(false);
                boolean unusedPromise = promise.trySuccess();
            });
            channel.config().setAutoRead(true);
            var unusedHalf = channel.shutdownOutput();
        } else {
            var unused = context.close(promise);
        }
    }

    private static void cut(ChannelHandlerContext context) {
        var unused = context.close();
    }

    private static boolean isAllWritten(Channel channel) {
        ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
        return channel.isActive() && waiting != null && waiting.isEmpty();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (over) {
            ReferenceCountUtil.release(message);
        } else {
            context.fireChannelRead(message);
        }
    }
}
