package dev.parley.ingest;

import dev.parley.event.Ids;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import reactor.core.publisher.Mono;

/**
 * The right to read one stream for the consumer group, {@link Keys#lease}, on the stream's own slot. One node at a time holds it, so that each
 * conversation's order is kept. Only the holder moves the group. A holder that was paused for longer than the TTL may still append when it
 * resumes; the log has those entries, or receives them in the same order.
 *
 * <p>Beside it, {@link Keys#readers} has the nodes that have registered as readers within the TTL. {@link Keys#read} has the progress, which
 * outlives the stream.
 */
final class Lease {

    private static final Script TAKE_OVER = Script.load(Lease.class, "readers.lua", "stream.lua", "take-over.lua");
    private static final Script COMMIT = Script.load(Lease.class, "readers.lua", "stream.lua", "commit.lua");
    private static final Script HOLE = Script.load(Lease.class, "stream.lua", "hole.lua");
    private static final Script RELEASE = Script.load(Lease.class, "release.lua");

    static final String GROUP = "gateway";

    private final Redis redis;
    private final String stream;
    private final String lease;
    private final String readers;
    private final String progress;
    private final Duration ttl;
    private final String holder;

    /** @param node this node's name, so that the key's value names the holder */
    Lease(Redis redis, Keys keys, String stream, String node, Duration ttl) {
        this.redis = redis;
        this.stream = stream;
        this.lease = keys.lease(stream);
        this.readers = keys.readers(stream);
        this.progress = keys.read(stream);
        this.ttl = ttl;
        this.holder = node + "/" + Ids.random();
    }

    /** See {@link DurableStream#acquire}. */
    Mono<AcquireResult> acquire(boolean wanted) {
        return TAKE_OVER
                .run(
                        redis,
                        new String[] {stream, lease, readers, progress},
                        Script.bytes(holder),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(GROUP),
                        flag(wanted))
                .map(AcquireResult::of);
    }

    /** See {@link DurableStream#commit}. */
    Mono<CommitResult> commit(StreamOffset appended, boolean moveGroup, boolean register, long generation) {
        return COMMIT.run(
                        redis,
                        new String[] {stream, lease, readers, progress},
                        Script.bytes(holder),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(GROUP),
                        Script.bytes(moveGroup ? appended.id() : ""),
                        flag(register),
                        Script.bytes(appended.id()),
                        Script.bytes(appended.count()),
                        Script.bytes(generation))
                .map(CommitResult::of);
    }

    /** See {@link DurableStream#checkTrimmed}. */
    Mono<TrimCheck> checkTrimmed(String id) {
        return HOLE.run(
                        redis,
                        new String[] {stream, lease},
                        Script.bytes(holder),
                        Script.bytes(GROUP),
                        Script.bytes(id))
                .mapNotNull(TrimCheck::of);
    }

    /**
     * Releases the lease, if this node holds it.
     *
     * @param leave whether this node is a reader of the stream no longer
     */
    Mono<Void> release(boolean leave) {
        return RELEASE.run(redis, new String[] {lease, readers}, Script.bytes(holder), flag(leave))
                .then();
    }

    private static byte[] flag(boolean value) {
        return Script.bytes(value ? 1 : 0);
    }
}
