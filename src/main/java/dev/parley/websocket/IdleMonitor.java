package dev.parley.websocket;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;

/** Records the time of the last read, and notifies the outbox when the channel is writable again. A handler in the channel's pipeline. */
final class IdleMonitor extends ChannelInboundHandlerAdapter {

    private final Ticker ticker;
    private final Runnable writable;
    private volatile long lastReadNanos;

    /**
     * @param ticker the channel's event loop's
     * @param writable run when the channel has room again
     */
    IdleMonitor(Ticker ticker, Runnable writable) {
        this.ticker = ticker;
        this.writable = writable;
        this.lastReadNanos = ticker.nanoTime();
    }

    long silentNanos() {
        return ticker.nanoTime() - lastReadNanos;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        lastReadNanos = ticker.nanoTime();
        context.fireChannelRead(message);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            writable.run();
        }
        context.fireChannelWritabilityChanged();
    }

    /** Ignores the error of a write to a disconnected client. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            var unused = context.close();
        } else {
            context.fireExceptionCaught(cause);
        }
    }
}
