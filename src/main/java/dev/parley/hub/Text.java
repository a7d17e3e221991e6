package dev.parley.hub;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * UTF-8 that is added to at its end, in pieces that stay where they are: an array that grows would be copied again and again, by itself
 * and by the garbage collector. Not thread-safe.
 */
final class Text {

    private static final int FIRST = 256;
    private static final int LARGEST = 8 * 1024;

    private final List<byte[]> full = new ArrayList<>(0);
    private byte[] last = new byte[FIRST];
    private int used;
    private int size;

    int size() {
        return size;
    }

    void add(byte[] more) {
        int from = 0;
        while (from < more.length) {
            if (used == last.length) {
                full.add(last);
                last = new byte[Math.min(LARGEST, last.length * 2)];
                used = 0;
            }
            int fits = Math.min(more.length - from, last.length - used);
            System.arraycopy(more, from, last, used, fits);
            used += fits;
            from += fits;
        }
        size += more.length;
    }

    @Override
    public String toString() {
        byte[] all = new byte[size];
        int at = 0;
        for (byte[] piece : full) {
            System.arraycopy(piece, 0, all, at, piece.length);
            at += piece.length;
        }
        System.arraycopy(last, 0, all, at, used);
        return new String(all, StandardCharsets.UTF_8);
    }
}
