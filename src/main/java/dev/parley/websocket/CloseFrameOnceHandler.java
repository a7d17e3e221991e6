package dev.parley.websocket;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;

/**
 * Stands behind the WebSocket's codec. Lets one close frame pass: the client's answer to the gateway's own would be answered again. And
 * keeps to itself that a client has gone in the middle of a message: that it has gone is known already.
 */
final class CloseFrameOnceHandler extends ChannelDuplexHandler {

    private boolean said;

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        if (message instanceof CloseWebSocketFrame close) {
            if (said) {
                close.release();
                promise.setSuccess();
                return;
            }
            said = true;
        }
        super.write(context, message, promise);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof PrematureChannelClosureException)) {
            context.fireExceptionCaught(cause);
        }
    }
}
