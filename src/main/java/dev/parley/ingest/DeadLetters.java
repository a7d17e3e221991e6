package dev.parley.ingest;

import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.XAddArgs;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Entries of one durable stream that were given up, {@code <stream>:dead}: what they had, and in fields beside it why, when, and under
 * which id the stream had them. Everything is cold.
 */
public final class DeadLetters {

    private static final String REASON = "dead_reason";
    private static final String SOURCE_ID = "dead_source_id";
    private static final String AT = "dead_at";

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

    /** Adds an entry under its own id, once: a reader that takes over may come to it again. Emits whether it was not there before. */
    Mono<Boolean> bury(Entry entry, String reason, long keep) {
        Map<String, byte[]> fields = new LinkedHashMap<>(entry.fields());
        fields.put(REASON, Script.bytes(reason));
        fields.put(SOURCE_ID, Script.bytes(entry.id()));
        fields.put(AT, Script.bytes(Instant.now().toString()));
        // No script: Lua does not hand on more than a few thousand fields.
        return add(fields, keep, entry.id())
                .onErrorResume(
                        RedisCommandExecutionException.class,
                        refused -> isBehind(refused) ? addBehind(entry, fields, keep) : Mono.error(refused));
    }

    private Mono<Boolean> add(Map<String, byte[]> fields, long keep, String id) {
        XAddArgs place = XAddArgs.Builder.maxlen(keep).approximateTrimming().id(id);
        return redis.callOne(dead, commands -> commands.xadd(dead, place, fields))
                .map(added -> true);
    }

    /** It is there, or a later one. */
    private Mono<Boolean> addBehind(Entry entry, Map<String, byte[]> fields, long keep) {
        return find(entry.id()).hasElements().flatMap(there -> there ? Mono.just(false) : add(fields, keep, "*"));
    }

    private static boolean isBehind(RedisCommandExecutionException refused) {
        return refused.getMessage() != null && refused.getMessage().contains("equal or smaller");
    }

    /** The oldest ones first, at most that many. */
    public Flux<DeadLetter> list(long limit) {
        return redis.call(dead, commands -> commands.xrange(dead, Range.unbounded(), Limit.from(limit)))
                .map(Entry::of)
                .map(DeadLetters::letter);
    }

    /** How many there are. */
    public Mono<Long> size() {
        return redis.callOne(dead, commands -> commands.xlen(dead));
    }

    /**
     * Adds letters to the end of their stream, each before it is deleted here: whoever dies in between leaves it in both, and the next
     * retry adds it again. The log refuses the second one when it has an {@code event_id}.
     *
     * @return the ids of those that were there, one after the other, as they are put back
     */
    public Flux<String> retry(List<String> ids) {
        return Flux.fromIterable(ids).concatMap(id -> find(id).concatMap(this::retry));
    }

    /** All that are there now. */
    public Flux<String> retryAll() {
        return all().concatMap(this::retry);
    }

    private Mono<String> retry(Entry entry) {
        Map<String, byte[]> fields = letter(entry).fields();
        return redis.callOne(stream, commands -> commands.xadd(stream, fields)).then(drop(entry.id()));
    }

    /** Deletes letters; emits the ids of those that were there. */
    public Flux<String> drop(List<String> ids) {
        return Flux.fromIterable(ids).concatMap(this::drop);
    }

    public Flux<String> dropAll() {
        return all().concatMap(entry -> drop(entry.id()));
    }

    private Mono<String> drop(String id) {
        return redis.callOne(dead, commands -> commands.xdel(dead, id))
                .filter(deleted -> deleted > 0)
                .map(deleted -> id);
    }

    /** Those that are there when it begins, a page at a time. */
    private Flux<Entry> all() {
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

    private Mono<List<Entry>> page(String behind, String last) {
        Range.Boundary<String> from =
                behind.equals("-") ? Range.Boundary.unbounded() : Range.Boundary.excluding(behind);
        return redis.call(
                        dead,
                        commands -> commands.xrange(
                                dead, Range.from(from, Range.Boundary.including(last)), Limit.from(PAGE)))
                .map(Entry::of)
                .collectList();
    }

    private Flux<Entry> find(String id) {
        return redis.call(dead, commands -> commands.xrange(dead, Range.create(id, id), Limit.from(1)))
                .map(Entry::of);
    }

    private static DeadLetter letter(Entry entry) {
        Map<String, byte[]> fields = new LinkedHashMap<>(entry.fields());
        return new DeadLetter(
                entry.id(),
                text(fields.remove(SOURCE_ID)),
                text(fields.remove(REASON)),
                text(fields.remove(AT)),
                fields);
    }

    private static String text(byte @Nullable [] value) {
        return value == null ? "" : Script.text(value);
    }
}
