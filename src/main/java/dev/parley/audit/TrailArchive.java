package dev.parley.audit;

import dev.parley.archive.Archived;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.publisher.Mono;

/** Copies trails into PostgreSQL, a batch at a time, and notes in Redis how far that is. */
final class TrailArchive implements Archived {

    private static final Script UNARCHIVED = Script.load(TrailArchive.class, "unarchived.lua");
    private static final Script ARCHIVED = Script.load(TrailArchive.class, "archived.lua");

    private static final int BATCH = 200;

    private final Redis redis;
    private final Keys keys;
    private final AuditSettings settings;
    private final Archive archive;
    private final LongAdder copied = new LongAdder();

    TrailArchive(Redis redis, Keys keys, AuditSettings settings, Archive archive) {
        this.redis = redis;
        this.keys = keys;
        this.settings = settings;
        this.archive = archive;
    }

    /** Entries that this node has copied. */
    long copied() {
        return copied.sum();
    }

    @Override
    public Mono<Void> archive(String name) {
        Trail trail = Trail.parse(name);
        return copy(trail).repeat().takeWhile(more -> more).then();
    }

    /** Copies a batch; emits whether there is more. */
    private Mono<Boolean> copy(Trail trail) {
        return UNARCHIVED
                .run(redis, new String[] {trail.head(keys), trail.stream(keys)}, Script.bytes(BATCH))
                .map(reply ->
                        Script.list(reply.get(0)).stream().map(AuditEntry::read).toList())
                .flatMap(entries -> entries.isEmpty()
                        ? note(trail, 0).thenReturn(false)
                        : archive.insert(trail, entries)
                                .doOnNext(copied::add)
                                .then(note(
                                        trail, entries.get(entries.size() - 1).seq()))
                                .map(all -> !all));
    }

    /** Emits whether the archive has all of it. */
    private Mono<Boolean> note(Trail trail, long upTo) {
        return ARCHIVED.run(
                        redis,
                        new String[] {trail.head(keys), trail.stream(keys)},
                        Script.bytes(upTo),
                        Script.bytes(settings.maxEntries()),
                        Script.bytes(settings.ttl().toMillis()))
                .map(reply -> reply.get(0).equals(1L));
    }

    @Override
    public String keys() {
        return keys.auditHeads() + "*";
    }

    @Override
    public Mono<String> unarchived(String head) {
        return redis.call(head, commands -> commands.hmget(head, "seq", "archived"))
                .map(field -> field.hasValue() ? Long.parseLong(Script.text(field.getValue())) : 0L)
                .collectList()
                .filter(numbers -> numbers.get(1) < numbers.get(0))
                .map(dirty -> Trail.parseKey(head.substring(keys.auditHeads().length()))
                        .name());
    }
}
