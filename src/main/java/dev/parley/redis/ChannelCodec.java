package dev.parley.redis;

import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Channel names in UTF-8, and messages as raw bytes. A name comes with each message, so recent names are found by their bytes and not
 * decoded again. Thread-safe.
 */
final class ChannelCodec implements RedisCodec<String, byte[]> {

    /** Number of cached names, a power of two; a name replaces another with the same hash. */
    private static final int KEPT = 4096;

    private static final long PRIME = 0x9E37_79B9_7F4A_7C15L;

    /** Immutable, so that other threads may read it without synchronization. */
    private record Name(byte[] bytes, String text) {}

    private final @Nullable Name[] names = new Name[KEPT];

    @Override
    public String decodeKey(ByteBuffer bytes) {
        int slot = slot(bytes);
        Name known = names[slot];
        if (known != null && ByteBuffer.wrap(known.bytes).equals(bytes)) {
            return known.text;
        }
        byte[] copy = decodeValue(bytes);
        Name name = new Name(copy, new String(copy, StandardCharsets.UTF_8));
        names[slot] = name;
        return name.text;
    }

    private static int slot(ByteBuffer bytes) {
        int at = bytes.position();
        int end = bytes.limit();
        long hash = bytes.remaining();
        for (; end - at >= Long.BYTES; at += Long.BYTES) {
            hash = (hash ^ bytes.getLong(at)) * PRIME;
        }
        for (; at < end; at++) {
            hash = (hash ^ bytes.get(at)) * PRIME;
        }
        return (int) (hash >>> Integer.SIZE) & KEPT - 1;
    }

    @Override
    public byte[] decodeValue(ByteBuffer bytes) {
        return ByteArrayCodec.INSTANCE.decodeValue(bytes);
    }

    @Override
    public ByteBuffer encodeKey(String key) {
        return StandardCharsets.UTF_8.encode(key);
    }

    @Override
    public ByteBuffer encodeValue(byte[] value) {
        return ByteBuffer.wrap(value);
    }
}
