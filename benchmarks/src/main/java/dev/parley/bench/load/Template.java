package dev.parley.bench.load;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * One event of one conversation, ready to be sent but for its {@link Stamp}: a Redis command or an HTTP request.
 *
 * @param stampAt where in the bytes the stamp stands
 */
public record Template(byte[] bytes, int stampAt) {

    /** What stands in an event where its stamp will be. */
    public static final String PLACE = "@".repeat(Stamp.LENGTH);

    /** Finds the place of the stamp. */
    public static Template of(byte[] bytes) {
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(PLACE);
        if (at < 0) {
            throw new IllegalArgumentException(
                    "there is no place for a stamp in " + new String(bytes, StandardCharsets.UTF_8));
        }
        return new Template(bytes, at);
    }

    /** A Redis command. */
    public static Template command(byte[]... arguments) {
        return of(plain(arguments));
    }

    /** A Redis command without a place for a stamp. */
    public static byte[] plain(byte[]... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(ascii("*" + arguments.length + "\r\n"));
        for (byte[] argument : arguments) {
            out.writeBytes(ascii("$" + argument.length + "\r\n"));
            out.writeBytes(argument);
            out.writeBytes(ascii("\r\n"));
        }
        return out.toByteArray();
    }

    /** A Redis command of texts. */
    public static Template command(String... arguments) {
        return command(utf8(arguments));
    }

    /** A Redis command of texts without a place for a stamp. */
    public static byte[] plain(String... arguments) {
        return plain(utf8(arguments));
    }

    private static byte[][] utf8(String... arguments) {
        byte[][] bytes = new byte[arguments.length][];
        for (int i = 0; i < arguments.length; i++) {
            bytes[i] = arguments[i].getBytes(StandardCharsets.UTF_8);
        }
        return bytes;
    }

    /** A request that keeps its connection. */
    public static Template post(String host, String path, String type, String body) {
        return of(ascii("POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: " + type
                + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
