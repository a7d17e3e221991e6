package dev.parley.event;

import org.jspecify.annotations.Nullable;

/**
 * A place in a conversation's log: the id of the Redis Stream entry there, {@code <milliseconds>-<sequence>}. Opaque to clients.
 */
public record Position(long millis, long sequence) implements Comparable<Position> {

    /** Before the first entry of any log; written {@code 0}. */
    public static final Position ZERO = new Position(0, 0);

    private static final int MAX_DIGITS = 18;

    /** Reads a position as Parley writes it; null when the text is none. */
    public static @Nullable Position parse(String text) {
        if (text.equals("0")) {
            return ZERO;
        }
        int dash = text.indexOf('-');
        if (!digits(text, 0, dash) || !digits(text, dash + 1, text.length())) {
            return null;
        }
        return new Position(Long.parseLong(text, 0, dash, 10), Long.parseLong(text, dash + 1, text.length(), 10));
    }

    /** Reads a position that Redis or Parley wrote. */
    public static Position of(String text) {
        Position position = parse(text);
        if (position == null) {
            throw new IllegalArgumentException("not a position: " + text);
        }
        return position;
    }

    public boolean isAfter(Position other) {
        return compareTo(other) > 0;
    }

    @Override
    public int compareTo(Position other) {
        int byMillis = Long.compare(millis, other.millis);
        return byMillis != 0 ? byMillis : Long.compare(sequence, other.sequence);
    }

    @Override
    public String toString() {
        return millis == 0 && sequence == 0 ? "0" : millis + "-" + sequence;
    }

    private static boolean digits(String text, int from, int to) {
        if (to <= from || to - from > MAX_DIGITS) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
