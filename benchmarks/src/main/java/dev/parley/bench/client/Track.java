package dev.parley.bench.client;

import java.util.BitSet;

/** The ledger's page of one socket: which numbers of its conversation came. */
final class Track {

    private final BitSet holes = new BitSet(0);
    private int first;
    private int next;

    /** Nothing before this number is expected. */
    void startAt(int number) {
        first = number;
        next = number;
    }

    int next() {
        return next;
    }

    /** What this arrival was. */
    Arrival arrived(int number) {
        if (number == next) {
            next++;
            return Arrival.IN_ORDER;
        }
        if (number > next) {
            holes.set(next - first, number - first);
            next = number + 1;
            return Arrival.IN_ORDER;
        }
        if (number >= first && holes.get(number - first)) {
            holes.clear(number - first);
            return Arrival.REORDERED;
        }
        return Arrival.REPEATED;
    }

    /** How many of the numbers below this one have not come. */
    int missing(int published) {
        return published >= next
                ? holes.cardinality() + published - next
                : holes.get(0, Math.max(0, published - first)).cardinality();
    }

    enum Arrival {
        IN_ORDER,
        REORDERED,
        REPEATED
    }
}
