package dev.parley.ingest;

import dev.parley.redis.Script;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Redis says of a stream that has the entry read last no longer.
 *
 * @param pastReader whether the stream begins after that entry or is empty, so that unread entries may have been removed
 * @param first id of the stream's first entry; empty when there is none
 * @param removed entries ever added that are in the stream no longer; {@link StreamOffset#UNKNOWN} where the server does not count
 */
record TrimCheck(boolean pastReader, String first, long removed) {

    /** Reads the reply of {@code hole.lua}; null when the reader holds the lease no longer. */
    static @Nullable TrimCheck of(List<Object> reply) {
        return (Long) reply.get(0) == 1
                ? new TrimCheck(Script.text(reply.get(1)).equals("1"), Script.text(reply.get(2)), (Long) reply.get(3))
                : null;
    }
}
