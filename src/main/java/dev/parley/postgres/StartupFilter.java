package dev.parley.postgres;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.nio.charset.StandardCharsets;

/**
 * Removes {@code extra_float_digits} from the message that starts a connection. The driver always sends it and has no option for that, and
 * PgBouncer rejects such connections. From PostgreSQL 12 on the server's default is as exact.
 *
 * <p>The first message that arrives here is the one that starts the connection, because TLS is negotiated between this handler and the
 * network. Then the handler leaves the pipeline.
 */
final class StartupFilter extends ChannelOutboundHandlerAdapter {

    private static final String REFUSED = "extra_float_digits";

    /** Version 3.0 of the protocol; a message that cancels a statement has another number in its place. */
    private static final int VERSION = 3 << 16;

    /** The length and the version. */
    private static final int HEADER = 2 * Integer.BYTES;

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        context.pipeline().remove(this);
        Object sent = message instanceof ByteBuf bytes && starts(bytes) ? filtered(bytes) : message;
        var unused = context.write(sent, promise);
    }

    private static boolean starts(ByteBuf message) {
        return message.readableBytes() > HEADER && message.getInt(message.readerIndex() + Integer.BYTES) == VERSION;
    }

    /** Releases the message. Names and values follow in turn, a zero byte after each; another zero byte ends it. */
    private static ByteBuf filtered(ByteBuf message) {
        ByteBuf all = message.slice();
        ByteBuf kept = message.alloc().buffer(all.readableBytes());
        kept.writeBytes(all, HEADER);
        while (all.getByte(all.readerIndex()) != 0) {
            ByteBuf name = all.readSlice(all.bytesBefore((byte) 0) + 1);
            ByteBuf value = all.readSlice(all.bytesBefore((byte) 0) + 1);
            if (!name.toString(0, name.capacity() - 1, StandardCharsets.US_ASCII)
                    .equals(REFUSED)) {
                kept.writeBytes(name).writeBytes(value);
            }
        }
        kept.writeByte(0).setInt(0, kept.writerIndex());
        message.release();
        return kept;
    }
}
