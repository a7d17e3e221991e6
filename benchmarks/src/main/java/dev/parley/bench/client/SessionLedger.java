package dev.parley.bench.client;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Which message of which session was acknowledged, and under which number. Appends of a session are counted from 0, its messages from 1.
 * Belongs to the callers' event loop while they call.
 */
public final class SessionLedger {

    /** As many as Redis keeps of a session whatever is configured for the record. */
    private static final int KEPT = 50;

    private final int[] sent;
    /** By append: the message's number, 0 as long as it is not acknowledged. */
    private final int[][] seqs;

    SessionLedger(int sessions) {
        this.sent = new int[sessions];
        this.seqs = new int[sessions][0];
    }

    /** Another append: its number. */
    int next(int session) {
        return sent[session]++;
    }

    void acknowledged(int session, int append, int seq) {
        if (seqs[session].length <= append) {
            seqs[session] = Arrays.copyOf(seqs[session], Math.max(append + 1, 2 * seqs[session].length));
        }
        seqs[session][append] = seq;
    }

    /**
     * What became of a session's appends.
     *
     * @param whole whether all messages must be there to be read, or only the newest
     */
    Count count(int session, SessionReader there, boolean whole) {
        int oldest = whole ? 1 : there.count() - KEPT + 1;
        BitSet seen = new BitSet();
        long acknowledged = 0;
        long lost = 0;
        long repeated = 0;
        for (int append = 0; append < seqs[session].length; append++) {
            int seq = seqs[session][append];
            if (seq == 0) {
                continue;
            }
            acknowledged++;
            if (seen.get(seq)) {
                repeated++;
            }
            seen.set(seq);
            Integer read = there.numbers().get(seq);
            boolean isThere = read == null ? seq < oldest : read == append;
            if (!isThere || seq > there.count()) {
                lost++;
            }
        }
        // Messages that nobody was told of have come in twice, since every append was answered.
        repeated += Math.max(0, there.count() - seen.cardinality());
        return new Count(acknowledged, lost, repeated, there.numbers().size());
    }

    /**
     * @param lost acknowledged, but not there under that number
     * @param repeated two have one number, or there are more messages than were acknowledged
     * @param read messages that were read again
     */
    public record Count(long acknowledged, long lost, long repeated, long read) {

        static final Count NONE = new Count(0, 0, 0, 0);

        Count plus(Count other) {
            return new Count(
                    acknowledged + other.acknowledged, lost + other.lost, repeated + other.repeated, read + other.read);
        }
    }
}
