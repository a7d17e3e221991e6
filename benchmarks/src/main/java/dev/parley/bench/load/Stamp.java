package dev.parley.bench.load;

import io.netty.buffer.ByteBuf;

/**
 * What tells one event from all others, written into its text: {@code @<run:4><conversation:6><number:8><time:16>~}, hexadecimal. The
 * number counts up from 0 in each conversation; the time is when the event was meant to be sent, in nanoseconds of this process' own
 * clock, so that publisher and sockets must be one process.
 */
public final class Stamp {

    public static final int LENGTH = 36;
    public static final byte FIRST = '@';

    private static final byte LAST = '~';
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    private static final byte[] VALUES = new byte[128];

    static {
        java.util.Arrays.fill(VALUES, (byte) -1);
        for (int i = 0; i < DIGITS.length; i++) {
            VALUES[DIGITS[i]] = (byte) i;
        }
    }

    private Stamp() {}

    /** Writes a stamp over {@link #LENGTH} bytes. */
    public static void put(byte[] bytes, int at, int run, int conversation, int number, long nanos) {
        bytes[at] = FIRST;
        hex(bytes, at + 1, 4, run);
        hex(bytes, at + 5, 6, conversation);
        hex(bytes, at + 11, 8, number);
        hex(bytes, at + 19, 16, nanos);
        bytes[at + 35] = LAST;
    }

    private static void hex(byte[] bytes, int at, int digits, long value) {
        for (int i = at + digits - 1; i >= at; i--) {
            bytes[i] = DIGITS[(int) (value & 15)];
            value >>>= 4;
        }
    }

    /** Whether a stamp of this run begins here. */
    public static boolean at(ByteBuf in, int at, int run) {
        return in.getByte(at) == FIRST && in.getByte(at + LENGTH - 1) == LAST && hex(in, at + 1, 4) == run;
    }

    public static int run(ByteBuf in, int at) {
        return (int) hex(in, at + 1, 4);
    }

    public static int conversation(ByteBuf in, int at) {
        return (int) hex(in, at + 5, 6);
    }

    public static int number(ByteBuf in, int at) {
        return (int) hex(in, at + 11, 8);
    }

    public static long nanos(ByteBuf in, int at) {
        return hex(in, at + 19, 16);
    }

    /** -1 where something else than digits stands. */
    private static long hex(ByteBuf in, int at, int digits) {
        long value = 0;
        for (int i = at; i < at + digits; i++) {
            byte c = in.getByte(i);
            int digit = c < 0 ? -1 : VALUES[c];
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }
}
