package dev.parley.frame;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One server frame, encoded once for all who get it: its JSON with a WebSocket header (RFC 6455, 5.2: a final, unmasked text frame)
 * written in front of it. Immutable by agreement: nobody writes to the array after it was built.
 */
public final class Frame {

    /** Room in front of the JSON for the longest header: two bytes and a 64-bit length. */
    static final int HEADROOM = 10;

    private static final byte FINAL_TEXT = (byte) 0x81;

    private final byte[] bytes;
    private final int start;
    private final int end;

    private Frame(byte[] bytes, int start, int end) {
        this.bytes = bytes;
        this.start = start;
        this.end = end;
    }

    /** Takes over an array whose JSON stands from {@link #HEADROOM} to the given end. */
    static Frame of(byte[] bytes, int end) {
        int length = end - HEADROOM;
        int start;
        if (length < 126) {
            start = HEADROOM - 2;
            bytes[start + 1] = (byte) length;
        } else if (length <= 0xFFFF) {
            start = HEADROOM - 4;
            bytes[start + 1] = 126;
            bytes[start + 2] = (byte) (length >>> 8);
            bytes[start + 3] = (byte) length;
        } else {
            start = 0;
            bytes[1] = 127;
            ByteBuffer.wrap(bytes, 2, Long.BYTES).putLong(length);
        }
        bytes[start] = FINAL_TEXT;
        return new Frame(bytes, start, end);
    }

    /** The frame as it goes over a WebSocket, header and all. Shared: read only. */
    public ByteBuffer wire() {
        return ByteBuffer.wrap(bytes, start, end - start);
    }

    /** Its size on the wire in bytes. */
    public int size() {
        return end - start;
    }

    /** The JSON alone. */
    public String json() {
        return new String(bytes, HEADROOM, end - HEADROOM, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return json();
    }
}
