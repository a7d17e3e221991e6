package dev.parley.websocket;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;

/** Stands in the channel's pipeline: knows when something was last read, and tells the outbox when there is room again. */
final class Traffic extends ChannelInboundHandlerAdapter {

    private final Runnable writable;
    private volatile long lastReadNanos = System.nanoTime();

    Traffic(Runnable writable) {
        this.writable = writable;
    }

    long silentNanos() {
        return System.nanoTime() - lastReadNanos;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        lastReadNanos = System.nanoTime();
        context.fireChannelRead(message);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            writable.run();
        }
        context.fireChannelWritabilityChanged();
    }

    /** A write to a peer that has gone ends here: it is nobody's error. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            var unused = context.close();
        } else {
            context.fireExceptionCaught(cause);
        }
    }
}
