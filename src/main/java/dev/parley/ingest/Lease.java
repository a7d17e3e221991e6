package dev.parley.ingest;

import dev.parley.event.Ids;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import reactor.core.publisher.Mono;

/**
 * The right to read one stream for the consumer group, {@code {<stream>}:lease}, which shares the stream's slot. One node at a time has
 * it, so that a conversation's order is kept. Only its holder moves the group on; what a holder that was paused for longer than the TTL
 * still does when it wakes up is in vain: the log has those entries, or gets them in the same order.
 */
final class Lease {

    private static final Script TAKE_OVER = Script.load(Lease.class, "take-over.lua");
    private static final Script COMMIT = Script.load(Lease.class, "commit.lua");
    private static final Script RELEASE = Script.load(Lease.class, "release.lua");

    static final String GROUP = "gateway";

    private final Redis redis;
    private final String stream;
    private final String lease;
    private final Duration ttl;
    private final String me;

    Lease(Redis redis, String stream, String node, Duration ttl) {
        this.redis = redis;
        this.stream = stream;
        this.lease = "{" + stream + "}:lease";
        this.ttl = ttl;
        this.me = node + "/" + Ids.random();
    }

    /** Takes the lease and emits the id behind which to read on; empty when somebody else has it. */
    Mono<String> takeOver() {
        return TAKE_OVER
                .run(
                        redis,
                        new String[] {stream, lease},
                        Script.bytes(me),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(GROUP))
                .filter(reply -> !reply.isEmpty())
                .map(reply -> Script.text(reply.get(0)));
    }

    /**
     * Renews the lease, and says how far the log has got.
     *
     * @param id of the last entry that is in the log; empty for no news
     * @return whether the lease is still this one's
     */
    Mono<Boolean> commit(String id) {
        return COMMIT.run(
                        redis,
                        new String[] {stream, lease},
                        Script.bytes(me),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(GROUP),
                        Script.bytes(id))
                .map(reply -> ((Long) reply.get(0)) == 1);
    }

    /** Lets another reader in at once. */
    Mono<Void> release() {
        return RELEASE.run(redis, new String[] {lease}, Script.bytes(me)).then();
    }
}
