package dev.parley.audit;

import dev.parley.archive.ArchiveSource;
import dev.parley.archive.PagedCopy;
import dev.parley.archive.PagedCopy.Step;
import dev.parley.archive.PagedCopy.Stepped;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.publisher.Mono;

/** Copies trails to PostgreSQL, many in one statement, and records the progress in Redis. */
final class TrailArchive implements ArchiveSource {

    private static final Script UNARCHIVED = Script.load(TrailArchive.class, "unarchived.lua");
    private static final Script ARCHIVED = Script.load(TrailArchive.class, "archived.lua");

    /** Maximum entries of one statement; each trail has at least a few, and at most a page. */
    private static final int MOST = 2_048;

    private static final int FEW = 16;
    private static final int PAGE = 200;

    private final Redis redis;
    private final Keys keys;
    private final AuditSettings settings;
    private final Partitions partitions;
    private final PagedCopy<UnarchivedEntries> pages;
    private final LongAdder copied = new LongAdder();

    /** @param partitions tried once before anything is copied, so that entries find their month */
    TrailArchive(Redis redis, Keys keys, AuditSettings settings, ArchivedTrails archive, Partitions partitions) {
        this.redis = redis;
        this.keys = keys;
        this.settings = settings;
        this.partitions = partitions;
        this.pages = new PagedCopy<>(
                MOST, FEW, PAGE, this::read, all -> archive.insert(all).doOnNext(copied::add), this::note);
    }

    /** Number of entries that this node has copied. */
    long copied() {
        return copied.sum();
    }

    @Override
    public Mono<List<String>> archive(List<String> trails) {
        return partitions.tried().then(pages.copy(trails));
    }

    private Mono<UnarchivedEntries> read(String name, int page) {
        Trail trail = Trail.parse(name);
        return UNARCHIVED
                .run(redis, new String[] {trail.head(keys), trail.stream(keys)}, Script.bytes(page))
                .map(reply -> new UnarchivedEntries(
                        trail,
                        Script.list(reply.get(0)).stream().map(AuditEntry::read).toList()));
    }

    private Mono<Stepped> note(UnarchivedEntries one, int page) {
        return ARCHIVED.run(
                        redis,
                        new String[] {one.trail().head(keys), one.trail().stream(keys)},
                        Script.bytes(one.last()),
                        Script.bytes(settings.audit().maxEntries()),
                        Script.bytes(settings.audit().ttl().toMillis()))
                .map(reply -> new Stepped(
                        one.trail().name(), step(one, page, reply.get(0).equals(1L))));
    }

    private static Step step(UnarchivedEntries one, int page, boolean all) {
        // Absent entries will not appear later.
        if (all || one.entries().isEmpty()) {
            return Step.ARCHIVED;
        }
        return one.entries().size() == page ? Step.LONGER : Step.CHANGED;
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
