package dev.parley.ingest;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.cluster.api.reactive.RedisClusterReactiveCommands;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A durable stream in Redis. It waits for new entries with a plain {@code XREAD BLOCK} on a connection of its own: a wait that a paused node has
 * left behind can't take an entry. Every other command uses the shared connection.
 */
final class RedisDurableStream implements DurableStream {

    private final Redis redis;
    private final Keys keys;
    private final String stream;
    private final Lease lease;
    private final DeliveryAttempts attempts;
    private final DeadLetters deadLetters;

    /**
     * @param node this node's name
     * @param stream the stream's key, prefix included
     * @param ttl how long the lease lasts unless it is renewed
     */
    RedisDurableStream(Redis redis, Keys keys, String node, String stream, Duration ttl) {
        this.redis = redis;
        this.keys = keys;
        this.stream = stream;
        this.lease = new Lease(redis, keys, stream, node, ttl);
        this.attempts = new DeliveryAttempts(redis, keys, stream);
        this.deadLetters = new DeadLetters(redis, stream);
    }

    @Override
    public String name() {
        return stream;
    }

    @Override
    public String keyPattern() {
        return "~" + keys.prefix() + "*";
    }

    @Override
    public <T> Flux<T> connect(Function<NewEntries, Flux<T>> reading) {
        return redis.reached()
                .thenMany(redis.blocking(
                        stream, commands -> reading.apply((id, atMost) -> awaitNewEntries(commands, id, atMost))));
    }

    @SuppressWarnings("unchecked") // Lettuce's varargs
    private Mono<Void> awaitNewEntries(
            RedisClusterReactiveCommands<String, byte[]> commands, String id, Duration atMost) {
        return commands.xread(XReadArgs.Builder.block(atMost).count(1), XReadArgs.StreamOffset.from(stream, id))
                .then();
    }

    @Override
    public Mono<Void> ensureGroup() {
        return redis.callOne(
                        stream,
                        commands -> commands.xgroupCreate(
                                XReadArgs.StreamOffset.from(stream, "0-0"),
                                Lease.GROUP,
                                XGroupCreateArgs.Builder.mkstream()))
                .onErrorResume(RedisDurableStream::groupExists, e -> Mono.empty())
                .then();
    }

    /** Whether an error of {@code XGROUP CREATE} says that the group exists. */
    static boolean groupExists(Throwable e) {
        return e instanceof RedisBusyException
                || (e instanceof RedisCommandExecutionException
                        && e.getMessage() != null
                        && e.getMessage().startsWith("BUSYGROUP"));
    }

    @Override
    public Mono<AcquireResult> acquire(boolean wanted) {
        return lease.acquire(wanted);
    }

    @Override
    public Mono<CommitResult> commit(StreamOffset appended, boolean moveGroup, boolean register, long generation) {
        return lease.commit(appended, moveGroup, register, generation);
    }

    @Override
    public Mono<Void> release() {
        return lease.release(false);
    }

    @Override
    public Mono<Void> leave() {
        return lease.release(true);
    }

    @Override
    public Mono<List<StreamEntry>> read(String from, int limit) {
        return redis.call(
                        stream,
                        commands -> commands.xrange(
                                stream,
                                Range.from(Range.Boundary.including(from), Range.Boundary.unbounded()),
                                Limit.from(limit)))
                .map(StreamEntry::of)
                .collectList();
    }

    @Override
    public Mono<TrimCheck> checkTrimmed(String id) {
        return lease.checkTrimmed(id);
    }

    @Override
    public Mono<Map<String, Long>> countAttempts(List<String> ids) {
        return attempts.count(ids);
    }

    @Override
    public Mono<Void> clearAttempts() {
        return attempts.clear();
    }

    @Override
    public Mono<Boolean> deadLetter(StreamEntry entry, String reason, long keep) {
        return deadLetters
                .add(entry, reason, keep)
                .onErrorMap(DeadLetterRejectedException::isCause, DeadLetterRejectedException::new);
    }
}
