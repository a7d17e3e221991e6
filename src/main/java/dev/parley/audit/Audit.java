package dev.parley.audit;

import dev.parley.archive.Archiver;
import dev.parley.archive.DirtySet;
import dev.parley.auth.Access;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.postgres.Postgres;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The audit trails: entries that agents append, and those that the gateway records itself. Thread-safe. Everything is cold except {@link
 * AuditListener}, comes on Redis' or PostgreSQL's event loop, and fails with {@link ParleyException}: {@code not_found} for another
 * tenant's conversation, {@code overloaded}, {@code unavailable}.
 *
 * <p>The gateway's own entries ({@link #acted}, {@link #refused}) wait in this node's memory, 10,000 at most, until Redis has them: they
 * neither delay nor fail the recorded action. While Redis is unavailable they stay there, in order, with their original times. So does the
 * first entry of a trail that Redis does not have while PostgreSQL is unavailable, because PostgreSQL may have the trail's beginning.
 * Entries that do not fit are dropped and counted. A killed node loses waiting entries; a stopping one waits for them for a moment ({@link
 * #idle}).
 */
public final class Audit implements AuditListener, Disposable {

    private static final Script BELONGS = Script.load(Audit.class, "owner.lua", "belongs.lua");

    private static final int PAGE = 500;

    private final Redis redis;
    private final Keys keys;
    private final AuditSettings settings;
    private final Chain chain;
    private final @Nullable ArchivedTrails archive;
    private final Appender appender;
    private final TrailReader reader;
    private final AuditBuffer notes;
    private final @Nullable Archiving archiver;
    private final Disposable.Swap archiving = Disposables.swap();

    /** @param postgres null for none: then Redis has all entries */
    public Audit(Redis redis, Keys keys, AuditSettings settings, @Nullable Postgres postgres) {
        this(redis, keys, settings, postgres, Archiver.CLAIM_AFTER);
    }

    Audit(Redis redis, Keys keys, AuditSettings settings, @Nullable Postgres postgres, Duration claimAfter) {
        this.redis = redis;
        this.keys = keys;
        this.settings = settings;
        this.chain = new Chain(settings.audit()
                .key()
                .map(key -> key.value().getBytes(StandardCharsets.UTF_8))
                .orElse(null));
        this.archive = postgres == null ? null : new ArchivedTrails(postgres, chain);
        this.appender = new Appender(redis, keys, settings, chain, archive);
        this.reader = new TrailReader(redis, keys, settings.auth().defaultTenant(), archive);
        this.notes = new AuditBuffer(this::note);
        this.archiver = postgres == null || archive == null
                ? null
                : Archiving.of(redis, keys, settings, postgres, archive, claimAfter);
    }

    /** The archiving of trails, with PostgreSQL. */
    private record Archiving(Postgres postgres, Archiver archiver, TrailArchive trails, Partitions partitions) {

        private static final Duration PARTITIONS_EVERY = Duration.ofHours(1);

        static Archiving of(
                Redis redis,
                Keys keys,
                AuditSettings settings,
                Postgres postgres,
                ArchivedTrails archive,
                Duration claimAfter) {
            Partitions partitions =
                    new Partitions(postgres, settings.audit().retention().orElse(null));
            TrailArchive trails = new TrailArchive(redis, keys, settings, archive, partitions);
            Archiver archiver = new Archiver(
                    redis,
                    postgres,
                    new DirtySet(redis, keys.auditDirty()),
                    keys.auditScan(),
                    trails,
                    settings.node(),
                    claimAfter);
            return new Archiving(postgres, archiver, trails, partitions);
        }

        Flux<Void> run() {
            Mono<Void> months = Archiver.repeated("The audit trail's months", PARTITIONS_EVERY, partitions.keep());
            return Flux.merge(archiver.run(), postgres.reached().then(months));
        }
    }

    /** Starts to archive; {@link #dispose} ends it. */
    public void open() {
        if (archiver != null) {
            archiving.update(archiver.run().subscribe());
        }
    }

    /**
     * Adds an entry to a conversation's trail, once per id.
     *
     * @param details a JSON object
     * @param id made when null
     */
    public Mono<AppendResult> append(
            Principal who, String conversation, String agent, String action, String details, @Nullable String id) {
        return Mono.defer(() -> appender.append(new UnsealedEntry(
                Trail.ofConversation(conversation),
                conversation,
                who.access(conversation),
                agent,
                action,
                details,
                UnsealedEntry.now(),
                id == null ? Ids.random() : id)));
    }

    /** Reads a page of a conversation's trail; of the caller's own tenant's for null. */
    public Mono<AuditPage> read(Principal who, @Nullable String conversation, AuditQuery query) {
        return reader.page(trail(who, conversation), access(who, conversation), query);
    }

    /** Reads a whole trail, oldest entry first; each page is read on demand. */
    public Flux<AuditEntry> export(Principal who, @Nullable String conversation) {
        return pages(trail(who, conversation), access(who, conversation), 0).concatMapIterable(AuditPage::entries, 1);
    }

    /** Follows the whole chain and finds its first break. */
    public Mono<ChainVerification> verify(Principal who, @Nullable String conversation) {
        return Mono.defer(() -> {
            Trail trail = trail(who, conversation);
            Verifier verifier =
                    new Verifier(chain, trail, settings.audit().retention().isPresent(), archive != null);
            return archivedEnd(trail)
                    .doOnNext(verifier::mustReach)
                    .thenMany(pages(trail, access(who, conversation), 0).takeWhile(verifier::accepts))
                    .then(Mono.defer(
                            () -> verifier.lacksEnd() ? archivedEnd(trail).hasElement() : Mono.just(true)))
                    .map(verifier::verdict);
        });
    }

    /**
     * Read before the entries, because more may be added meanwhile. While PostgreSQL is unavailable, the entries in Redis are verified
     * without it.
     */
    private Mono<ArchivedTrails.SealedHead> archivedEnd(Trail trail) {
        return archive == null
                ? Mono.empty()
                : archive.head(trail)
                        .onErrorResume(e -> ParleyException.is(e, ErrorCode.UNAVAILABLE), e -> Mono.empty());
    }

    private Flux<AuditPage> pages(Trail trail, Access access, long after) {
        return reader.page(trail, access, AuditQuery.oldestAfter(after, PAGE))
                .expand(page -> page.full()
                        ? reader.page(
                                trail,
                                access,
                                AuditQuery.oldestAfter(
                                        page.entries()
                                                .get(page.entries().size() - 1)
                                                .seq(),
                                        PAGE))
                        : Mono.empty());
    }

    private static Trail trail(Principal who, @Nullable String conversation) {
        return conversation == null ? Trail.ofTenant(who.tenant()) : Trail.ofConversation(conversation);
    }

    private static Access access(Principal who, @Nullable String conversation) {
        return conversation == null ? new Access(who.tenant(), false, true) : who.access(conversation);
    }

    @Override
    public void acted(Principal who, String conversation, String action, Map<String, String> details, String id) {
        Access access = who.access(conversation).orNew();
        Trail trail = Trail.ofConversation(conversation);
        notes.add(draft(trail, access, who, conversation, action, details, action + " " + id));
    }

    @Override
    public void refused(Principal who, String conversation, String what) {
        if (who.access(conversation).checked()) {
            Access own = new Access(who.tenant(), false, true);
            notes.add(draft(
                    Trail.ofTenant(who.tenant()),
                    own,
                    who,
                    conversation,
                    "access.denied",
                    Map.of("attempt", what),
                    Ids.random()));
        }
    }

    private static UnsealedEntry draft(
            Trail trail,
            Access access,
            Principal who,
            String conversation,
            String action,
            Map<String, String> details,
            String id) {
        return new UnsealedEntry(
                trail,
                conversation,
                access,
                StorableText.text(who.subject()),
                action,
                Json.object(details),
                UnsealedEntry.now(),
                id);
    }

    /** Records a denied request, if the conversation is another tenant's: a conversation that does not exist denies nothing. */
    private Mono<Void> note(UnsealedEntry draft) {
        if (draft.trail().ofConversation()) {
            return appender.append(draft)
                    // Another tenant began its trail before it had an owner.
                    .onErrorResume(
                            e -> ParleyException.is(e, ErrorCode.NOT_FOUND),
                            e -> appender.append(
                                    draft.in(Trail.ofTenant(draft.access().tenant()))))
                    .then();
        }
        return belongsToAnother(draft)
                .flatMap(another -> another ? appender.append(draft).then() : Mono.empty());
    }

    private Mono<Boolean> belongsToAnother(UnsealedEntry draft) {
        String conversation = draft.conversation();
        String[] on = {
            Trail.ofConversation(conversation).head(keys), keys.meta(conversation), keys.session(conversation)
        };
        String tenant = draft.access().tenant();
        return BELONGS.run(
                        redis,
                        on,
                        Script.bytes(tenant),
                        Script.bytes(settings.auth().defaultTenant()))
                .flatMap(reply -> switch (Script.text(reply.get(0))) {
                    case "another" -> Mono.just(true);
                    case "unknown" ->
                        archive == null
                                ? Mono.just(false)
                                : archive.last(Trail.ofConversation(conversation))
                                        .map(last -> last.isOfAnother(tenant));
                    default -> Mono.just(false);
                });
    }

    /** Completes when none of the gateway's own entries waits. */
    public Mono<Void> idle() {
        return notes.idle();
    }

    /** Whether a key of the operator seals the entries. */
    public boolean keyed() {
        return chain.keyed();
    }

    /** Number of the gateway's own entries that wait for Redis. */
    public long waiting() {
        return notes.size();
    }

    /** Number of the gateway's own entries that were lost, because too many waited, or Redis rejected them permanently. */
    public long dropped() {
        return notes.dropped();
    }

    /** Number of entries that this node has archived. */
    public long archived() {
        return archiver == null ? 0 : archiver.trails().copied();
    }

    /** Number of trails that wait to be archived. */
    public long unarchived() {
        return archiver == null ? 0 : archiver.archiver().waiting();
    }

    @Override
    public void dispose() {
        notes.dispose();
        archiving.dispose();
    }
}
