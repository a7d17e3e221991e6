package dev.parley.ingest;

import java.util.List;

/** The lease of a stream, as its holder found it that renewed it. */
sealed interface CommitResult {

    /** Nodes that would read the stream, this one included; 0 where Redis was not asked. */
    int readers();

    /**
     * This node still holds the lease.
     *
     * @param added entries ever added up to the last one that is in the log, as Redis counts; {@link StreamOffset#UNKNOWN} for no news
     */
    record Kept(int readers, long added) implements CommitResult {}

    /** This node does not hold the lease any more. */
    record Lost() implements CommitResult {

        @Override
        public int readers() {
            return 0;
        }
    }

    /** Reads the reply of {@code commit.lua}. */
    static CommitResult of(List<Object> reply) {
        if ((Long) reply.get(0) != 1) {
            return new Lost();
        }
        return reply.size() > 1
                ? new Kept(((Long) reply.get(1)).intValue(), (Long) reply.get(2))
                : new Kept(0, StreamOffset.UNKNOWN);
    }
}
