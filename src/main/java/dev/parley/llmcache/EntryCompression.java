package dev.parley.llmcache;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** Compresses entries of more than {@value #PLAIN} bytes (deflate, RFC 1951), if that makes them smaller. */
final class EntryCompression {

    static final int PLAIN = 1024;

    private EntryCompression() {}

    /** The bytes to store: the same array if compression does not help. */
    static byte[] packed(byte[] json) {
        if (json.length <= PLAIN) {
            return json;
        }
        Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
        try {
            deflater.setInput(json);
            deflater.finish();
            byte[] packed = new byte[json.length];
            int length = deflater.deflate(packed);
            return deflater.finished() && length < json.length ? Arrays.copyOf(packed, length) : json;
        } finally {
            deflater.end();
        }
    }

    /**
     * @param most maximum size of the result
     * @throws IllegalStateException when the result is larger, or the data is damaged
     */
    static byte[] unpacked(byte[] packed, int most) {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(packed);
            ByteArrayOutputStream out = new ByteArrayOutputStream(Math.min(most, packed.length * 4));
            byte[] part = new byte[8192];
            while (!inflater.finished()) {
                int length = inflater.inflate(part);
                if ((length == 0 && !inflater.finished()) || out.size() + length > most) {
                    throw new IllegalStateException("an entry is cut off or too large");
                }
                out.write(part, 0, length);
            }
            return out.toByteArray();
        } catch (DataFormatException e) {
            throw new IllegalStateException("an entry is damaged", e);
        } finally {
            inflater.end();
        }
    }
}
