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
 * Sees that what is marked is copied to PostgreSQL, all nodes together. A mark is acknowledged when the record has everything of what it
 * names. Copying is idempotent, so who dies leaves work and no harm: its marks are taken by another node after a while, and a look at
 * all there is, a slow one and whenever a master of Redis is back, marks what a crash left unmarked.
 *
 * <p>A round takes what is marked, up to {@value #MARKS} marks, and copies it together; the next one begins a quarter of a second later, or at
 * once when there were as many. What changes in between is copied once.
 */
public final class Archiver {

    /** When another node's archiver is taken for dead: longer than a round takes at most. If not, two nodes copy, which harms nothing. */
    public static final Duration CLAIM_AFTER = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(Archiver.class);

    private static final int MARKS = 128;
    private static final int AT_ONCE = 8;
    private static final int LOOKS_AT_ONCE = 32;
    private static final int SCAN_COUNT = 500;
    private static final Duration EVERY = Duration.ofMillis(250);
    private static final Duration AGAIN_EVERY = Duration.ofSeconds(10);

    /** Redis that is back may still be reading its data, and its gate may be closed: about half a minute. */
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
     * @param looking the key that says who looks at all there is
     * @param node this archiver's name among the nodes
     * @param claimAfter when another node's archiver is taken for dead
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

    /** Goes on until it is cancelled; waits while Redis or PostgreSQL is away. Never emits. */
    public Flux<Void> run() {
        return Flux.merge(
                repeated("What is marked", EVERY, rounds()),
                repeated("What is unmarked", archived.lookEvery(), look()),
                lookAgain());
    }

    /** When a master was away, marks that were on their way to it are lost. */
    private Flux<Void> lookAgain() {
        return redis.back()
                .onBackpressureLatest()
                .concatMap(back -> look(looking + ":again", AGAIN_EVERY)
                        .retryWhen(A_WHILE.asReactorRetry())
                        .onErrorResume(e -> {
                            LOG.warn("What was left unmarked is not looked for yet: {}", e.getMessage());
                            return Mono.empty();
                        }));
    }

    /** Does something again and again, and tries again what fails. */
    public static Mono<Void> repeated(String what, Duration every, Mono<Void> work) {
        return work.doOnError(e -> LOG.debug("{} can't be seen to yet: {}", what, e.getMessage(), e))
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .repeatWhen(done -> done.concatMap(count -> Mono.delay(every)))
                .then();
    }

    private Mono<Void> rounds() {
        return Mono.defer(
                () -> postgres.isUp() ? round().repeat().takeWhile(full -> full).then() : take(0).then());
    }

    /** Archives some of what is marked; emits whether there may be more. */
    public Mono<Boolean> round() {
        return take(MARKS)
                .flatMap(taken -> Mono.when(oneByOne(taken.again()), together(taken.fresh()))
                        .thenReturn(taken.count() == MARKS));
    }

    /** Notes how much waits, also when nothing can be done about it. */
    private Mono<DirtySet.Taken> take(int most) {
        return marks.take(node, most, claimAfter).doOnNext(taken -> {
            waiting = taken.all();
            lag = taken.oldest();
        });
    }

    /** When one of them can't be copied, it is not known which one: so each is tried by itself. */
    private Mono<Void> together(Map<String, List<String>> taken) {
        if (taken.isEmpty()) {
            return Mono.empty();
        }
        return archive(taken).onErrorResume(e -> {
            LOG.debug("{} at once are not archived yet, so each is tried by itself: {}", taken.size(), e.getMessage());
            return oneByOne(taken);
        });
    }

    /**
     * What can't be copied costs the others nothing: its mark stays, and when it has been there for too long it is taken again and tried
     * here, by itself. When it was PostgreSQL itself that went, the rest is left too.
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

    /** What changes all the while is marked again instead of being copied again at once: so a round ends, and a burst is one copy. */
    private Mono<Void> archive(Map<String, List<String>> taken) {
        List<String> ids = taken.values().stream().flatMap(List::stream).toList();
        return archived.archive(taken.keySet().stream().sorted().toList()).flatMap(changed -> marks.done(ids, changed));
    }

    /** Marks what should be marked and is not. One node at a time. */
    public Mono<Void> look() {
        return look(looking, archived.lookEvery().dividedBy(2));
    }

    /** @param turn says whose turn it is for that time */
    private Mono<Void> look(String turn, Duration time) {
        return redis.callOne(
                        turn,
                        commands -> commands.set(
                                turn, Script.bytes(node), SetArgs.Builder.nx().px(time)))
                .flatMap(ours -> lookThrough().onErrorResume(e -> giveBack(turn).then(Mono.error(e))));
    }

    /** So that whoever tries again does not take it for another one's. */
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

    /** What is under such a key and is no such thing costs the others nothing. */
    private Mono<String> unarchived(String key) {
        return archived.unarchived(key).onErrorResume(e -> ParleyException.is(e, ErrorCode.CONFLICT), e -> {
            LOG.debug("{} is none of the gateway's: {}", key, e.getMessage());
            return Mono.empty();
        });
    }

    /** How many marks there are on all nodes, as far as this one has looked. */
    public long waiting() {
        return waiting;
    }

    /** How long the oldest of them has been there. */
    public Duration lag() {
        return lag;
    }
}
