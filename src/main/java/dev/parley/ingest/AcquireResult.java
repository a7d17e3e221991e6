package dev.parley.ingest;

import dev.parley.redis.Script;
import java.time.Duration;
import java.util.List;

/** The lease of a stream, as a node found it that asked for it. */
sealed interface AcquireResult {

    /** Nodes that would read the stream, this one included. */
    int readers();

    /**
     * This node holds the lease from now on.
     *
     * @param after the last entry that is in the log
     * @param generation how often the stream was deleted and recreated
     * @param recreated whether it was since it was last read
     */
    record Acquired(int readers, StreamOffset after, long generation, boolean recreated) implements AcquireResult {}

    /** No node holds the lease. */
    record Free(int readers) implements AcquireResult {}

    /**
     * Another node holds the lease.
     *
     * @param left time until it expires, unless it is renewed; negative where Redis does not say
     */
    record Held(int readers, Duration left) implements AcquireResult {}

    /** Reads the reply of {@code take-over.lua}. */
    static AcquireResult of(List<Object> reply) {
        int readers = ((Long) reply.get(0)).intValue();
        return switch (Script.text(reply.get(1))) {
            case "taken" ->
                new Acquired(
                        readers,
                        new StreamOffset(Script.text(reply.get(2)), (Long) reply.get(3)),
                        Long.parseLong(Script.text(reply.get(4))),
                        Script.text(reply.get(5)).equals("1"));
            case "free" -> new Free(readers);
            default -> new Held(readers, Duration.ofMillis((Long) reply.get(2)));
        };
    }
}
