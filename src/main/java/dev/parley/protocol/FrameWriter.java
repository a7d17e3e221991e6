package dev.parley.protocol;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Assembles a JSON object from parts that are JSON already. Faster than a generator where most of a frame is an agent's event, and leaves
 * that event's bytes unchanged.
 */
final class FrameWriter {

    private byte[] bytes;
    private int end = EncodedFrame.HEADROOM;
    private boolean first = true;

    FrameWriter(String type, int expected) {
        bytes = new byte[EncodedFrame.HEADROOM + 64 + expected];
        append('{');
        string("type", type);
    }

    /** A string that needs escaping. */
    @CanIgnoreReturnValue
    FrameWriter text(String name, String value) {
        key(name);
        append('"');
        append(JsonStringEncoder.getInstance().quoteAsUTF8(value));
        append('"');
        return this;
    }

    /** A string of printable ASCII without quotes and backslashes: ids, positions, Parley's own names. */
    @CanIgnoreReturnValue
    FrameWriter string(String name, String value) {
        key(name);
        append('"');
        ascii(value);
        append('"');
        return this;
    }

    @CanIgnoreReturnValue
    FrameWriter number(String name, long value) {
        key(name);
        ascii(Long.toString(value));
        return this;
    }

    @CanIgnoreReturnValue
    FrameWriter bool(String name, boolean value) {
        key(name);
        ascii(value ? "true" : "false");
        return this;
    }

    /** A value that is JSON already. */
    @CanIgnoreReturnValue
    FrameWriter json(String name, byte[] value) {
        key(name);
        append(value);
        return this;
    }

    @CanIgnoreReturnValue
    FrameWriter json(String name, String value) {
        return json(name, value.getBytes(StandardCharsets.UTF_8));
    }

    EncodedFrame build() {
        append('}');
        return EncodedFrame.of(bytes, end, null);
    }

    /** Ends it with a value that is JSON already, which is not copied. */
    EncodedFrame buildWith(String name, byte[] value) {
        key(name);
        return EncodedFrame.of(bytes, end, value);
    }

    private void key(String name) {
        if (!first) {
            append(',');
        }
        first = false;
        append('"');
        ascii(name);
        append('"');
        append(':');
    }

    private void append(char c) {
        room(1);
        bytes[end++] = (byte) c;
    }

    @SuppressWarnings("deprecation") // exactly the narrowing copy that is wanted for ASCII
    private void ascii(String value) {
        int length = value.length();
        room(length);
        value.getBytes(0, length, bytes, end);
        end += length;
    }

    private void append(byte[] value) {
        room(value.length);
        System.arraycopy(value, 0, bytes, end, value.length);
        end += value.length;
    }

    private void room(int more) {
        if (bytes.length - end < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, end + more));
        }
    }
}
