package dev.parley.archive;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.postgres.Postgres;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.support.RetryPolicy;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanStream;
import io.lettuce.core.SetArgs;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Copies marked items to PostgreSQL, on all nodes together. A mark is acknowledged when its item is archived completely. Copying is
 * idempotent, so a node that dies leaves only work: another node takes its marks after a while, and a scan, periodically and whenever a
 * master of Redis is available again, marks what a crash left unmarked.
 *
 * <p>A round takes up to {@value #MARKS} marks, and copies their items together. The next one begins a quarter of a second later, or
 * immediately if there were as many. Several changes in between are copied once.
 */
public final class Archiver {

    /**
     * Time after which another node's archiver counts as dead: longer than any round. If it is alive, two nodes copy, which is harmless.
     */
    public static final Duration CLAIM_AFTER = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(Archiver.class);

    private static final int MARKS = 128;
    private static final int AT_ONCE = 8;
    private static final int LOOKS_AT_ONCE = 32;
    private static final int SCAN_COUNT = 500;
    private static final Duration EVERY = Duration.ofMillis(250);
    private static final Duration AGAIN_EVERY = Duration.ofSeconds(10);

    /** Retries for about half a minute: a restarted Redis may still load its data, and its breaker may be open. */
    private static final RetryPolicy A_WHILE = new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(2), 20);

    private final Redis redis;
    private final Postgres postgres;
    private final DirtySet marks;
    private final String looking;
    private final ArchiveSource archived;
    private final String node;
    private final Duration claimAfter;
    private volatile long waiting;
    private volatile Duration lag = Duration.ZERO;

    /**
     * @param looking the key held by the node that scans
     * @param node this archiver's name among the nodes
     * @param claimAfter time after which another node's archiver counts as dead
     */
    public Archiver(
            Redis redis,
            Postgres postgres,
            DirtySet marks,
            String looking,
            ArchiveSource archived,
            String node,
            Duration claimAfter) {
        this.redis = redis;
        this.postgres = postgres;
        this.marks = marks;
        this.looking = looking;
        this.archived = archived;
        this.node = node;
        this.claimAfter = claimAfter;
    }

    /** Runs until it is cancelled; waits while Redis or PostgreSQL is unavailable. Never emits. */
    public Flux<Void> run() {
        return Flux.merge(
                repeated("What is marked", EVERY, rounds()),
                repeated("What is unmarked", archived.lookEvery(), look()),
                lookAgain());
    }

    /** Scans after a master was unavailable: marks on their way to it are lost. */
    private Flux<Void> lookAgain() {
        return redis.back()
                .onBackpressureLatest()
                .concatMap(back -> look(looking + ":again", AGAIN_EVERY)
                        .retryWhen(A_WHILE.asReactorRetry())
                        .onErrorResume(e -> {
                            LOG.warn("The scan for unmarked items failed and is repeated: {}", e.getMessage());
                            return Mono.empty();
                        }));
    }

    /** Repeats some work, and retries it after a failure. */
    public static Mono<Void> repeated(String what, Duration every, Mono<Void> work) {
        return work.doOnError(e -> LOG.debug("{} failed and is repeated: {}", what, e.getMessage(), e))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .repeatWhen(done -> done.concatMap(count -> Mono.delay(every)))
                .then();
    }

    private Mono<Void> rounds() {
        return Mono.defer(
                () -> postgres.isUp() ? round().repeat().takeWhile(full -> full).then() : take(0).then());
    }

    /** Archives some marked items; emits whether there may be more. */
    public Mono<Boolean> round() {
        return take(MARKS)
                .flatMap(taken -> Mono.when(oneByOne(taken.again()), together(taken.fresh()))
                        .thenReturn(taken.count() == MARKS));
    }

    /** Takes marks, and records how many wait, also if nothing can be copied. */
    private Mono<DirtySet.Taken> take(int most) {
        return marks.take(node, most, claimAfter).doOnNext(taken -> {
            waiting = taken.all();
            lag = taken.oldest();
        });
    }

    /** Copies all together. If that fails, it is unknown which item is the cause, so each is tried separately. */
    private Mono<Void> together(Map<String, List<String>> taken) {
        if (taken.isEmpty()) {
            return Mono.empty();
        }
        return archive(taken).onErrorResume(e -> {
            LOG.debug(
                    "{} items could not be archived together, so each is tried separately: {}",
                    taken.size(),
                    e.getMessage());
            return oneByOne(taken);
        });
    }

    /**
     * Copies each item separately. An item that can't be copied does not affect the others: its mark stays, is taken again after some time,
     * and is tried here. If PostgreSQL itself became unavailable, the rest is left, too.
     */
    private Mono<Void> oneByOne(Map<String, List<String>> taken) {
        return Flux.fromIterable(taken.entrySet())
                .flatMap(
                        one -> Mono.defer(() -> postgres.isUp()
                                        ? archive(Map.of(one.getKey(), one.getValue()))
                                        : Mono.<Void>empty())
                                .onErrorResume(e -> {
                                    LOG.warn("{} is not archived yet: {}", one.getKey(), e.getMessage());
                                    return Mono.empty();
                                }),
                        AT_ONCE)
                .then();
    }

    /** An item that keeps changing is marked again instead of being copied again immediately: so a round ends, and a burst is one copy. */
    private Mono<Void> archive(Map<String, List<String>> taken) {
        List<String> ids = taken.values().stream().flatMap(List::stream).toList();
        return archived.archive(taken.keySet().stream().sorted().toList()).flatMap(changed -> marks.done(ids, changed));
    }

    /** Marks unmarked items. One node at a time. */
    public Mono<Void> look() {
        return look(looking, archived.lookEvery().dividedBy(2));
    }

    /** @param turn the key that gives a node the right to scan for that time */
    private Mono<Void> look(String turn, Duration time) {
        return redis.callOne(
                        turn,
                        commands -> commands.set(
                                turn, Script.bytes(node), SetArgs.Builder.nx().px(time)))
                .flatMap(ours -> lookThrough().onErrorResume(e -> giveBack(turn).then(Mono.error(e))));
    }

    /** Releases the key, so that a retry does not find it held. */
    private Mono<Void> giveBack(String turn) {
        return redis.callOne(turn, commands -> commands.del(turn))
                .onErrorComplete()
                .then();
    }

    private Mono<Void> lookThrough() {
        return redis.call(
                        looking,
                        commands -> ScanStream.scan(
                                commands,
                                ScanArgs.Builder.matches(archived.keys()).limit(SCAN_COUNT)))
                .flatMap(this::unarchived, LOOKS_AT_ONCE)
                .flatMap(name -> marks.set(List.of(name)), LOOKS_AT_ONCE)
                .then();
    }

    /** A foreign value under such a key does not affect the others. */
    private Mono<String> unarchived(String key) {
        return archived.unarchived(key).onErrorResume(e -> ParleyException.is(e, ErrorCode.CONFLICT), e -> {
            LOG.debug("{} is not one of the gateway's keys: {}", key, e.getMessage());
            return Mono.empty();
        });
    }

    /** Number of marks on all nodes, as far as this one has looked. */
    public long waiting() {
        return waiting;
    }

    /** Age of the oldest mark. */
    public Duration lag() {
        return lag;
    }
}
