package dev.parley.ingest;

import dev.parley.redis.Redis;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.XAddArgs;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The rejected entries of one durable stream, {@code <stream>:dead}: their fields, and beside them the reason, the time and the id in the
 * stream. Everything is cold.
 */
public final class DeadLetters {

    private static final int PAGE = 500;

    private final Redis redis;
    private final String stream;
    private final String dead;

    /** @param stream the stream's key, prefix included */
    public DeadLetters(Redis redis, String stream) {
        this.redis = redis;
        this.stream = stream;
        this.dead = stream + ":dead";
    }

    /**
     * Adds an entry under its own id, unless it is there: the next reader may reject it again.
     *
     * @param keep approximate maximum of dead letters; the oldest are trimmed
     * @return whether it was added
     */
    Mono<Boolean> add(StreamEntry entry, String reason, long keep) {
        Map<String, byte[]> fields =
                DeadLetter.fields(entry, reason, Instant.now().toString());
        // Not a script: Lua can't pass on more than a few thousand fields.
        return add(fields, keep, entry.id())
                .onErrorResume(
                        DeadLetters::isAfterLast,
                        refused -> find(entry.id())
                                .hasElements()
                                .flatMap(there -> there ? Mono.just(false) : add(fields, keep, "*")));
    }

    private Mono<Boolean> add(Map<String, byte[]> fields, long keep, String id) {
        XAddArgs place = XAddArgs.Builder.maxlen(keep).approximateTrimming().id(id);
        return redis.callOne(dead, commands -> commands.xadd(dead, place, fields))
                .map(added -> true);
    }

    /** Whether an error of {@code XADD} says that the dead letters have this id, or a later one. */
    static boolean isAfterLast(Throwable e) {
        return e instanceof RedisCommandExecutionException
                && e.getMessage() != null
                && e.getMessage().contains("equal or smaller");
    }

    /**
     * Lists dead letters, oldest first.
     *
     * @param limit maximum number
     */
    public Flux<DeadLetter> list(long limit) {
        return redis.call(dead, commands -> commands.xrange(dead, Range.unbounded(), Limit.from(limit)))
                .map(StreamEntry::of)
                .map(DeadLetter::of);
    }

    /** Number of dead letters. */
    public Mono<Long> size() {
        return redis.callOne(dead, commands -> commands.xlen(dead));
    }

    /**
     * Adds dead letters to the end of their stream again. Each is added there before it is deleted here. If the process dies in between, it is
     * in both, and the next retry adds it a second time; the log rejects that one if it has an {@code event_id}.
     *
     * @return the ids of those that existed, one by one as they are added
     */
    public Flux<String> retry(List<String> ids) {
        return Flux.fromIterable(ids).concatMap(id -> find(id).concatMap(this::retry));
    }

    /** As {@link #retry(List)}, for all that exist when it begins. */
    public Flux<String> retryAll() {
        return all().concatMap(this::retry);
    }

    private Mono<String> retry(StreamEntry entry) {
        Map<String, byte[]> fields = DeadLetter.of(entry).fields();
        return redis.callOne(stream, commands -> commands.xadd(stream, fields)).then(drop(entry.id()));
    }

    /** Deletes dead letters; emits the ids of those that existed. */
    public Flux<String> drop(List<String> ids) {
        return Flux.fromIterable(ids).concatMap(this::drop);
    }

    /** As {@link #drop(List)}, for all that exist when it begins. */
    public Flux<String> dropAll() {
        return all().concatMap(entry -> drop(entry.id()));
    }

    private Mono<String> drop(String id) {
        return redis.callOne(dead, commands -> commands.xdel(dead, id))
                .filter(deleted -> deleted > 0)
                .map(deleted -> id);
    }

    /** All that exist when it begins, page by page. */
    private Flux<StreamEntry> all() {
        return redis.callOne(
                        dead,
                        commands -> commands.xrevrange(dead, Range.unbounded(), Limit.from(1))
                                .next())
                .flatMapMany(last -> page("-", last.getId())
                        .expand(page -> page.size() < PAGE
                                ? Mono.empty()
                                : page(page.get(page.size() - 1).id(), last.getId()))
                        .concatMapIterable(page -> page));
    }

    private Mono<List<StreamEntry>> page(String after, String last) {
        Range.Boundary<String> from = after.equals("-") ? Range.Boundary.unbounded() : Range.Boundary.excluding(after);
        return redis.call(
                        dead,
                        commands -> commands.xrange(
                                dead, Range.from(from, Range.Boundary.including(last)), Limit.from(PAGE)))
                .map(StreamEntry::of)
                .collectList();
    }

    private Flux<StreamEntry> find(String id) {
        return redis.call(dead, commands -> commands.xrange(dead, Range.create(id, id), Limit.from(1)))
                .map(StreamEntry::of);
    }
}
