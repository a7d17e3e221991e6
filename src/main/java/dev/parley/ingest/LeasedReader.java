package dev.parley.ingest;

import dev.parley.event.Ids;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * Reads one stream's consumer group under the stream's lease, {@code {<stream>}:lease}, which shares the stream's slot. Only its holder
 * gets entries, so that one node at a time reads a stream and a conversation's order is kept; each read renews it. A holder that is
 * paused for longer than the TTL gets nothing more when it wakes up.
 */
final class LeasedReader {

    private static final Script READ = Script.load(LeasedReader.class, "read.lua");
    private static final Script RELEASE = Script.load(LeasedReader.class, "release.lua");

    static final String GROUP = "gateway";
    /** The same on all nodes: whoever has the lease takes over what was pending. */
    private static final String CONSUMER = "reader";

    private final Redis redis;
    private final String stream;
    private final String lease;
    private final Duration ttl;
    private final String me = Ids.random();

    LeasedReader(Redis redis, String stream, Duration ttl) {
        this.redis = redis;
        this.stream = stream;
        this.lease = "{" + stream + "}:lease";
        this.ttl = ttl;
    }

    /**
     * Reads at most so many entries.
     *
     * @param from {@code 0} for pending ones, {@code >} for new ones
     * @return empty when somebody else has the lease
     */
    Mono<List<Entry>> read(int count, String from) {
        return READ.run(
                        redis,
                        new String[] {stream, lease},
                        Script.bytes(me),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(GROUP),
                        Script.bytes(CONSUMER),
                        Script.bytes(count),
                        Script.bytes(from))
                .filter(reply -> Script.text(reply.get(0)).equals("read"))
                .map(reply -> Script.list(reply.get(1)).stream().map(Entry::of).toList());
    }

    /** Lets another reader in at once. */
    Mono<Void> release() {
        return RELEASE.run(redis, new String[] {lease}, Script.bytes(me)).then();
    }
}
