package dev.parley.audit;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Reads pages: one script in Redis, and PostgreSQL only for entries that Redis no longer has, or while Redis is unavailable. */
final class TrailReader {

    private static final Script READ = Script.load(TrailReader.class, "owner.lua", "read.lua");

    private final Redis redis;
    private final Keys keys;
    private final String defaultTenant;
    private final @Nullable ArchivedTrails archive;

    TrailReader(Redis redis, Keys keys, String defaultTenant, @Nullable ArchivedTrails archive) {
        this.redis = redis;
        this.keys = keys;
        this.defaultTenant = defaultTenant;
        this.archive = archive;
    }

    /** The part of a page in Redis. */
    private record Hot(
            @Nullable TrailHead head,
            long trimmed,
            @Nullable Long first,
            boolean owned,
            List<AuditEntry> entries) {}

    Mono<AuditPage> page(Trail trail, Access access, AuditQuery query) {
        return hot(trail, access, query)
                .onErrorResume(
                        ParleyException.class,
                        e -> archive != null && e.code() == ErrorCode.UNAVAILABLE
                                ? Mono.just(new Hot(null, 0, null, false, List.of()))
                                : Mono.error(e))
                .flatMap(hot -> joined(trail, access, query, hot));
    }

    private Mono<Hot> hot(Trail trail, Access access, AuditQuery query) {
        String[] on = trail.ofConversation()
                ? new String[] {trail.head(keys), trail.stream(keys), keys.meta(trail.of()), keys.session(trail.of())}
                : new String[] {trail.head(keys), trail.stream(keys)};
        return READ.run(
                        redis,
                        on,
                        Script.bytes(access.tenant()),
                        Script.bytes(access.checked() ? 1 : 0),
                        Script.bytes(defaultTenant),
                        Script.bytes(query.after() == 0 ? "" : Long.toString(query.after())),
                        Script.bytes(
                                query.before() == null ? "" : query.before().toString()),
                        Script.bytes(query.limit()),
                        Script.bytes(query.newestFirst() ? 1 : 0))
                .map(TrailReader::hot);
    }

    private static Hot hot(List<Object> reply) {
        return switch (Script.text(reply.get(0))) {
            case "denied" -> throw Appender.refusal("denied");
            case "absent" -> new Hot(null, 0, null, Script.text(reply.get(1)).equals("1"), List.of());
            default -> {
                String seq = Script.text(reply.get(1));
                String first = Script.text(reply.get(4));
                yield new Hot(
                        seq.isEmpty() ? null : new TrailHead(Long.parseLong(seq), Script.text(reply.get(2))),
                        Long.parseLong(Script.text(reply.get(3))),
                        first.isEmpty() ? null : Long.valueOf(first),
                        true,
                        Script.list(reply.get(5)).stream().map(AuditEntry::read).toList());
            }
        };
    }

    private Mono<AuditPage> joined(Trail trail, Access access, AuditQuery query, Hot hot) {
        Long first = hot.first();
        int missing = query.newestFirst() ? query.limit() - hot.entries().size() : query.limit();
        boolean older = first == null || first > query.after() + 1;
        boolean allNewer = first != null && query.before() != null && query.before() <= first;
        boolean wanted = older && (missing > 0 || allNewer);
        if (archive == null || !wanted) {
            return Mono.just(page(query, hot, hot.entries(), false));
        }
        Long before = first == null || (query.before() != null && query.before() < first) ? query.before() : first;
        Mono<Void> allowed = hot.owned() ? Mono.empty() : requireOwner(archive, trail, access);
        return allowed.thenMany(archive.page(trail, query.after(), before, missing, query.newestFirst()))
                .collectList()
                .map(cold -> page(query, hot, together(query, hot.entries(), cold), !cold.isEmpty()));
    }

    private static Mono<Void> requireOwner(ArchivedTrails archive, Trail trail, Access access) {
        return access.checked()
                ? archive.last(trail)
                        .flatMap(last -> last.isOfAnother(access.tenant())
                                ? Mono.error(Appender.refusal("denied"))
                                : Mono.empty())
                : Mono.empty();
    }

    private static List<AuditEntry> together(AuditQuery query, List<AuditEntry> hot, List<AuditEntry> cold) {
        List<AuditEntry> all = new ArrayList<>(query.newestFirst() ? hot : cold);
        all.addAll(query.newestFirst() ? cold : hot);
        // Entries after a full page belong to the next page; entries of one number stay together.
        int end = all.size();
        while (end > query.limit()
                && all.get(end - 1).seq() != all.get(query.limit() - 1).seq()) {
            end--;
        }
        return List.copyOf(all.subList(0, end));
    }

    private static AuditPage page(AuditQuery query, Hot hot, List<AuditEntry> entries, boolean archived) {
        return new AuditPage(entries, hot.head(), hot.trimmed(), archived, entries.size() >= query.limit());
    }
}
