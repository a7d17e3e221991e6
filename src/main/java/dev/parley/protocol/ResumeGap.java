package dev.parley.protocol;

/**
 * The reason for which a client can't resume. Positions are as the wire writes them; the requested one is as the client wrote it.
 *
 * @param requested the client's {@code since}
 * @param first the log's first position, {@code 0} when it is empty
 * @param last the log's last position
 */
public record ResumeGap(Reason reason, String requested, String first, String last) {

    public enum Reason {
        /** {@code since} is not a position. */
        MALFORMED("malformed"),
        /** Older than the log's first entry, or the log has expired. */
        TRIMMED("trimmed"),
        /** Newer than the log's last entry: Redis lost its tail. */
        FUTURE("future"),
        /** Between them, but the log does not have that entry. */
        LOST("lost"),
        /** More was missed than is replayed. */
        LIMIT("limit"),
        /** No loss: the snapshot shown before came from the record, because Redis was unavailable. */
        ARCHIVE("archive"),
        /** A durable stream has lost unread events, which may have been this conversation's. */
        STREAM_TRIMMED("stream_trimmed"),
        /** The socket's backlog was replaced. */
        SLOW("slow");

        private final String wire;

        Reason(String wire) {
            this.wire = wire;
        }

        public String wire() {
            return wire;
        }

        public static Reason of(String wire) {
            for (Reason reason : values()) {
                if (reason.wire.equals(wire)) {
                    return reason;
                }
            }
            throw new IllegalArgumentException("not a gap reason: " + wire);
        }
    }
}
