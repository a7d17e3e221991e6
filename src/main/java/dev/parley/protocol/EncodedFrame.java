package dev.parley.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One server frame, encoded once for all receivers: its JSON with a WebSocket header (RFC 6455, 5.2: a final, unmasked text frame) in front
 * of it. An event in it is referenced, and copied only when it is written. Immutable by agreement: nobody writes to the arrays after it was
 * built.
 */
public final class EncodedFrame {

    /** Room in front of the JSON for the longest header: two bytes and a 64-bit length. */
    static final int HEADROOM = 10;

    private static final byte FINAL_TEXT = (byte) 0x81;

    private final byte[] head;
    private final int start;
    private final int headEnd;
    private final byte @Nullable [] last;

    private EncodedFrame(byte[] head, int start, int headEnd, byte @Nullable [] last) {
        this.head = head;
        this.start = start;
        this.headEnd = headEnd;
        this.last = last;
    }

    /**
     * Takes over an array whose JSON is between {@link #HEADROOM} and the given end.
     *
     * @param last the value that follows, before a closing brace; null when the JSON is complete
     */
    static EncodedFrame of(byte[] head, int headEnd, byte @Nullable [] last) {
        int length = headEnd - HEADROOM + (last == null ? 0 : last.length + 1);
        int start;
        if (length < 126) {
            start = HEADROOM - 2;
            head[start + 1] = (byte) length;
        } else if (length <= 0xFFFF) {
            start = HEADROOM - 4;
            head[start + 1] = 126;
            head[start + 2] = (byte) (length >>> 8);
            head[start + 3] = (byte) length;
        } else {
            start = 0;
            head[1] = 127;
            ByteBuffer.wrap(head, 2, Long.BYTES).putLong(length);
        }
        head[start] = FINAL_TEXT;
        return new EncodedFrame(head, start, headEnd, last);
    }

    /** Writes the frame with its header. */
    public void writeTo(ByteBuf buffer) {
        buffer.writeBytes(head, start, headEnd - start);
        if (last != null) {
            buffer.writeBytes(last).writeByte('}');
        }
    }

    /** Writes its JSON alone. */
    public void writeJson(ByteBuf buffer) {
        buffer.writeBytes(head, HEADROOM, headEnd - HEADROOM);
        if (last != null) {
            buffer.writeBytes(last).writeByte('}');
        }
    }

    /** Its size on the wire in bytes. */
    public int size() {
        return headEnd - start + (last == null ? 0 : last.length + 1);
    }

    /** The JSON alone. */
    public String json() {
        ByteBuf all = Unpooled.buffer(size());
        writeJson(all);
        return all.toString(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return json();
    }
}
