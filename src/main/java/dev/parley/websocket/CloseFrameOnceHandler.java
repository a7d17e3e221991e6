package dev.parley.websocket;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;

/**
 * Passes one close frame to the client: the codec would answer the client's reply to the gateway's own close frame with another one. It
 * also suppresses the error for a client that disconnects in the middle of a message, because the disconnect itself is handled elsewhere.
 * Stands behind the WebSocket's codec in the pipeline.
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
