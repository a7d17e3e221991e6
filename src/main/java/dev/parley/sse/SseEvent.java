package dev.parley.sse;

import dev.parley.event.Position;
import dev.parley.hub.Delivery;
import dev.parley.protocol.EncodedFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ByteProcessor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One server-sent event (HTML standard, 9.2): a frame as the WebSocket has it, or a comment.
 *
 * @param id from where a client that comes back goes on; null to leave that as it is
 * @param retry after which time a client that is cut off comes back; null to leave that as it is
 * @param frame null for a comment
 * @param last whether the stream ends with it
 */
record SseEvent(
        @Nullable Position id,
        @Nullable Duration retry,
        @Nullable EncodedFrame frame,
        boolean last) {

    static final SseEvent HEARTBEAT = new SseEvent(null, null, null, false);

    /** The stream ends without another word. */
    static final SseEvent END = new SseEvent(null, null, null, true);

    /** Longer than all that stands around the frame. */
    private static final int AROUND = 96;

    private static final byte[] COMMENT = ascii(":\n\n");
    private static final byte[] RETRY = ascii("retry: ");
    private static final byte[] ID = ascii("id: ");
    private static final byte[] DATA = ascii("data: ");

    static SseEvent of(Delivery delivery) {
        return new SseEvent(position(delivery), null, delivery.frame(), false);
    }

    /** Where a follower stands that has received this; null when it stands where it stood before. */
    static @Nullable Position position(Delivery delivery) {
        if (delivery instanceof Delivery.Snapshot snapshot) {
            return snapshot.position();
        } else if (delivery instanceof Delivery.Event event) {
            return event.position();
        } else if (delivery instanceof Delivery.Placed placed) {
            return placed.position();
        }
        // What is subscribed to has no position before its snapshot is there; what is pending has none at all.
        return null;
    }

    /** Owned by who asked. */
    ByteBuf encode(ByteBufAllocator allocator) {
        ByteBuf buffer = allocator.buffer(frame == null ? AROUND : AROUND + frame.size());
        if (retry != null) {
            line(buffer, RETRY, Long.toString(retry.toMillis()));
        }
        if (frame == null) {
            return buffer.writeBytes(COMMENT);
        }
        if (id != null) {
            line(buffer, ID, id.toString());
        }
        buffer.writeBytes(DATA);
        int from = buffer.writerIndex();
        frame.writeJson(buffer);
        keepOnOneLine(buffer, from);
        return buffer.writeByte('\n').writeByte('\n');
    }

    /** An event may have line breaks between its JSON tokens, nowhere else: a blank means the same there. */
    private static void keepOnOneLine(ByteBuf buffer, int from) {
        int at = from;
        while ((at = buffer.forEachByte(at, buffer.writerIndex() - at, ByteProcessor.FIND_CRLF)) >= 0) {
            buffer.setByte(at, ' ');
        }
    }

    private static void line(ByteBuf buffer, byte[] name, String value) {
        buffer.writeBytes(name);
        buffer.writeCharSequence(value, StandardCharsets.US_ASCII);
        buffer.writeByte('\n');
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
