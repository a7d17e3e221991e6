package dev.parley.ingest;

import dev.parley.event.Ids;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * The right to read one stream for the consumer group, {@code {<stream>}:lease}, which shares the stream's slot. One node at a time has
 * it, so that a conversation's order is kept. Only its holder moves the group on; what a holder that was paused for longer than the TTL
 * still does when it wakes up is in vain: the log has those entries, or gets them in the same order.
 *
 * <p>Beside it, {@code {<stream>}:readers} has the nodes that would read the stream and have said so within the TTL.
 */
final class Lease {

    private static final Script TAKE_OVER = Script.load(Lease.class, "readers.lua", "take-over.lua");
    private static final Script COMMIT = Script.load(Lease.class, "readers.lua", "commit.lua");
    private static final Script RELEASE = Script.load(Lease.class, "release.lua");
    private static final byte[] YES = Script.bytes(1);
    private static final byte[] NO = Script.bytes(0);

    static final String GROUP = "gateway";

    private final Redis redis;
    private final String stream;
    private final String lease;
    private final String readers;
    private final Duration ttl;
    private final String me;

    /** @param node this node's name, so that the lease says who has it */
    Lease(Redis redis, String stream, String node, Duration ttl) {
        this.redis = redis;
        this.stream = stream;
        this.lease = "{" + stream + "}:lease";
        this.readers = "{" + stream + "}:readers";
        this.ttl = ttl;
        this.me = node + "/" + Ids.random();
    }

    /**
     * How a lease stands. {@code nodes} is how many would read the stream, this one among them; 0 for no news.
     */
    sealed interface State {

        int nodes();

        /** This node's, since now. Read on behind that id. */
        record Taken(int nodes, String id) implements State {}

        /** Nobody's. */
        record Free(int nodes) implements State {}

        /** Another node's, for that long unless it is renewed. */
        record Held(int nodes, Duration left) implements State {}

        /** This node's, still. */
        record Kept(int nodes) implements State {}

        /** Not this node's any more. */
        record Lost(int nodes) implements State {}
    }

    /** Says that this node would read the stream, and takes the lease if it is free and wanted. */
    Mono<State> ask(boolean wanted) {
        return TAKE_OVER
                .run(
                        redis,
                        new String[] {stream, lease, readers},
                        Script.bytes(me),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(GROUP),
                        wanted ? YES : NO)
                .map(Lease::state);
    }

    private static State state(List<Object> reply) {
        int nodes = ((Long) reply.get(0)).intValue();
        return switch (Script.text(reply.get(1))) {
            case "taken" -> new State.Taken(nodes, Script.text(reply.get(2)));
            case "free" -> new State.Free(nodes);
            default -> new State.Held(nodes, Duration.ofMillis((Long) reply.get(2)));
        };
    }

    /**
     * Renews the lease, and says how far the log has got.
     *
     * @param id of the last entry that is in the log; empty for no news
     * @param alive whether to say, too, that this node would read the stream
     */
    Mono<State> commit(String id, boolean alive) {
        return COMMIT.run(
                        redis,
                        new String[] {stream, lease, readers},
                        Script.bytes(me),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(GROUP),
                        Script.bytes(id),
                        alive ? YES : NO)
                .map(reply -> {
                    int nodes = reply.size() > 1 ? ((Long) reply.get(1)).intValue() : 0;
                    return (Long) reply.get(0) == 1 ? new State.Kept(nodes) : new State.Lost(nodes);
                });
    }

    /** Lets another reader in at once; this one would take the stream again. */
    Mono<Void> release() {
        return release(NO);
    }

    /** Lets another reader in at once; this one will not be back. */
    Mono<Void> leave() {
        return release(YES);
    }

    private Mono<Void> release(byte[] forGood) {
        return RELEASE.run(redis, new String[] {lease, readers}, Script.bytes(me), forGood)
                .then();
    }
}
