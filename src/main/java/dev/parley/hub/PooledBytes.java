package dev.parley.hub;

import io.netty.util.Recycler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * UTF-8 text that grows at its end, in pieces that are never moved: a growing array would be copied again and again, by itself and by the
 * garbage collector. Memory that has lived as long as a run becomes garbage that only a collection of the whole heap finds, so the event
 * loop that took the large pieces uses them again. Not thread-safe.
 */
final class PooledBytes {

    private static final int FIRST = 256;
    private static final int LARGEST = 8 * 1024;
    /** Bytes kept by all event loops together, or a thirty-second of the heap if that is less. */
    private static final long MAX_KEPT = 128 << 20;

    private static final Recycler<Piece> LARGE = new Recycler<>(keptByEach(Runtime.getRuntime()), 1, 16) {
        @Override
        protected Piece newObject(Handle<Piece> handle) {
            return new Piece(new byte[LARGEST], handle);
        }
    };

    /** The pool takes the next power of two. */
    private static int keptByEach(Runtime machine) {
        long all = Math.min(MAX_KEPT, machine.maxMemory() / 32);
        return Integer.highestOneBit((int) (all / LARGEST / machine.availableProcessors()));
    }

    private record Piece(byte[] bytes, Recycler.@Nullable Handle<Piece> handle) {

        static Piece of(int size) {
            return size < LARGEST ? new Piece(new byte[size], null) : LARGE.get();
        }

        void recycle() {
            if (handle != null) {
                handle.recycle(this);
            }
        }
    }

    private final List<Piece> full = new ArrayList<>(0);
    private Piece last = Piece.of(FIRST);
    private int used;
    private int size;

    int size() {
        return size;
    }

    void add(byte[] more) {
        int from = 0;
        while (from < more.length) {
            if (used == last.bytes.length) {
                full.add(last);
                last = Piece.of(Math.min(LARGEST, used * 2));
                used = 0;
            }
            int fits = Math.min(more.length - from, last.bytes.length - used);
            System.arraycopy(more, from, last.bytes, used, fits);
            used += fits;
            from += fits;
        }
        size += more.length;
    }

    /** Returns the pieces for reuse. The text must not be used any more. */
    void recycle() {
        full.forEach(Piece::recycle);
        last.recycle();
    }

    @Override
    public String toString() {
        byte[] all = new byte[size];
        int at = 0;
        for (Piece piece : full) {
            System.arraycopy(piece.bytes, 0, all, at, piece.bytes.length);
            at += piece.bytes.length;
        }
        System.arraycopy(last.bytes, 0, all, at, used);
        return new String(all, StandardCharsets.UTF_8);
    }
}
