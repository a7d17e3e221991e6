package dev.parley.event;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF (Unicode 15, table 3-7). Browsers close a WebSocket that
 * carries anything else, so it must not get into a log.
 */
public final class Utf8 {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long HIGH_BITS = 0x8080808080808080L;

    private Utf8() {}

    public static boolean valid(byte[] bytes) {
        int end = bytes.length;
        int i = 0;
        while (i < end) {
            if (end - i >= Long.BYTES && ((long) LONGS.get(bytes, i) & HIGH_BITS) == 0) {
                i += Long.BYTES;
            } else if (bytes[i] >= 0) {
                i++;
            } else {
                int length = sequence(bytes, i, end);
                if (length == 0) {
                    return false;
                }
                i += length;
            }
        }
        return true;
    }

    /** Whether a text has no half of a surrogate pair alone: JSON can write one, UTF-8 can't. */
    public static boolean canEncode(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)
                    && !(Character.isHighSurrogate(c)
                            && ++i < text.length()
                            && Character.isLowSurrogate(text.charAt(i)))) {
                return false;
            }
        }
        return true;
    }

    /** The length of the well-formed sequence of two or more bytes at i, or 0. */
    private static int sequence(byte[] bytes, int i, int end) {
        int first = bytes[i] & 0xFF;
        if (first >= 0xC2 && first <= 0xDF) {
            return continues(bytes, i + 1, 1, end) ? 2 : 0;
        }
        if (first >= 0xE0 && first <= 0xEF) {
            int low = first == 0xE0 ? 0xA0 : 0x80;
            int high = first == 0xED ? 0x9F : 0xBF;
            return within(bytes, i + 1, low, high, end) && continues(bytes, i + 2, 1, end) ? 3 : 0;
        }
        if (first >= 0xF0 && first <= 0xF4) {
            int low = first == 0xF0 ? 0x90 : 0x80;
            int high = first == 0xF4 ? 0x8F : 0xBF;
            return within(bytes, i + 1, low, high, end) && continues(bytes, i + 2, 2, end) ? 4 : 0;
        }
        return 0;
    }

    private static boolean continues(byte[] bytes, int from, int count, int end) {
        for (int i = from; i < from + count; i++) {
            if (!within(bytes, i, 0x80, 0xBF, end)) {
                return false;
            }
        }
        return true;
    }

    private static boolean within(byte[] bytes, int i, int low, int high, int end) {
        return i < end && (bytes[i] & 0xFF) >= low && (bytes[i] & 0xFF) <= high;
    }
}
