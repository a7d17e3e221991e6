package dev.parley.audit;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toUnmodifiableList;

import dev.parley.archive.DirtySet;
import dev.parley.audit.AppendScript.Reply;
import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import io.lettuce.core.XAddArgs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Chains entries to the ends of their trails. Concurrent entries of one trail are one script. If another node was faster, the script
 * returns the present end, and it is tried again, a bounded number of times. Then the entries are added to the feed, and a mark for the
 * archiver. Both are on other slots, so a crash in between leaves an entry out of the feed, and the archiver's scan finds the missing mark.
 */
final class Appender {

    private static final Logger LOG = LoggerFactory.getLogger(Appender.class);

    private static final int LANES = 8;
    private static final int TRAILS_AT_ONCE = 8;
    private static final int HEADS_KNOWN = 2_000;
    private static final int TRIES = 100;
    /** Tries without a wait. */
    private static final int EAGER = 3;

    private static final int LONGEST_WAIT_MS = 20;
    private static final long MAX_FEED = 100_000;

    private final Redis redis;
    private final Keys keys;
    private final Chain chain;
    private final AppendScript script;
    private final @Nullable ArchivedTrails archive;
    private final DirtySet marks;
    private final List<TrailWriter> lanes = IntStream.range(0, LANES)
            .mapToObj(i -> new TrailWriter(this::write))
            .toList();
    private final Map<Trail, TrailHead> heads = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Trail, TrailHead> eldest) {
            return size() > HEADS_KNOWN;
        }
    };

    Appender(Redis redis, Keys keys, AuditSettings settings, Chain chain, @Nullable ArchivedTrails archive) {
        this.redis = redis;
        this.keys = keys;
        this.chain = chain;
        this.archive = archive;
        this.marks = new DirtySet(redis, keys.auditDirty());
        this.script = new AppendScript(redis, keys, settings, archive != null);
    }

    Mono<AppendResult> append(UnsealedEntry draft) {
        return Mono.defer(
                () -> lanes.get(Math.floorMod(draft.trail().hashCode(), LANES)).add(draft));
    }

    private Mono<Void> write(List<WaitingEntry> batch) {
        record Group(Trail trail, Access access) {}
        Map<Group, List<WaitingEntry>> groups = batch.stream()
                .collect(groupingBy(
                        one -> new Group(one.draft().trail(), one.draft().access()),
                        LinkedHashMap::new,
                        toUnmodifiableList()));
        Map<Trail, List<Group>> trails =
                groups.keySet().stream().collect(groupingBy(Group::trail, LinkedHashMap::new, toUnmodifiableList()));
        return Flux.fromIterable(trails.values())
                .flatMap(
                        ofOne -> Flux.fromIterable(ofOne)
                                .concatMap(group -> new Attempt(
                                                group.trail(),
                                                group.access(),
                                                List.copyOf(groups.getOrDefault(group, List.of())))
                                        .run()),
                        TRAILS_AT_ONCE)
                .then();
    }

    private @Nullable TrailHead known(Trail trail) {
        synchronized (heads) {
            return heads.get(trail);
        }
    }

    private void know(Trail trail, @Nullable TrailHead head) {
        synchronized (heads) {
            if (head == null) {
                heads.remove(trail);
            } else {
                heads.put(trail, head);
            }
        }
    }

    /** Entries of one trail and one access that are being appended. One step at a time. */
    private final class Attempt {

        private final Trail trail;
        private final Access access;
        private List<WaitingEntry> open;
        private boolean fromArchive;
        private String owner = "";
        private int tries;

        Attempt(Trail trail, Access access, List<WaitingEntry> open) {
            this.trail = trail;
            this.access = access;
            this.open = open;
        }

        /** Answers each; never fails. */
        Mono<Void> run() {
            return Mono.defer(this::step).onErrorResume(e -> {
                know(trail, null);
                open.forEach(one -> one.failed(e));
                return Mono.empty();
            });
        }

        private Mono<Void> step() {
            if (++tries > TRIES) {
                return Mono.error(ParleyException.of(
                        ErrorCode.OVERLOADED, "too many concurrent writers of this audit trail: try again"));
            }
            TrailHead head = known(trail);
            List<AuditEntry> entries = sealed(head);
            return script.run(trail, access, head, fromArchive, owner, entries).flatMap(reply -> {
                if (reply instanceof Reply.Added added) {
                    return added(entries, added.dirty());
                } else if (reply instanceof Reply.Moved moved) {
                    fromArchive = false;
                    know(trail, moved.head());
                    return again();
                } else if (reply instanceof Reply.Absent) {
                    return askArchive();
                } else if (reply instanceof Reply.Known known) {
                    drop(known.numbers());
                    return open.isEmpty() ? Mono.empty() : step();
                }
                return Mono.error(refusal(((Reply.Refused) reply).reason()));
            });
        }

        private List<AuditEntry> sealed(@Nullable TrailHead head) {
            List<AuditEntry> entries = new ArrayList<>();
            long seq = head == null ? -1 : head.seq();
            String prev = head == null ? "" : head.mac();
            for (WaitingEntry one : open) {
                AuditEntry entry = chain.seal(one.draft(), ++seq, prev);
                prev = entry.mac();
                entries.add(entry);
            }
            return entries;
        }

        private Mono<Void> again() {
            return tries <= EAGER
                    ? Mono.defer(this::step)
                    : Mono.delay(Duration.ofMillis(ThreadLocalRandom.current().nextInt(LONGEST_WAIT_MS)))
                            .then(Mono.defer(this::step));
        }

        /** Redis no longer has the trail: its chain continues from its archived end. */
        private Mono<Void> askArchive() {
            if (archive == null) {
                return Mono.error(new IllegalStateException("nothing is archived"));
            }
            return archive.last(trail).flatMap(last -> {
                know(trail, last.head());
                fromArchive = true;
                owner = last.owner();
                return again();
            });
        }

        private void drop(Map<String, Long> numbers) {
            List<WaitingEntry> rest = new ArrayList<>();
            for (WaitingEntry one : open) {
                Long seq = numbers.get(one.draft().id());
                if (seq == null) {
                    rest.add(one);
                } else {
                    one.added(new AppendResult(seq, null));
                }
            }
            open = rest;
        }

        private Mono<Void> added(List<AuditEntry> entries, boolean dirty) {
            AuditEntry last = entries.get(entries.size() - 1);
            know(trail, new TrailHead(last.seq(), last.mac()));
            return Mono.when(feed(entries), dirty ? marks.set(List.of(trail.name())) : Mono.empty())
                    .onErrorResume(e -> {
                        LOG.debug(
                                "The feed and the archiver could not be notified of {}: {}",
                                trail.name(),
                                e.getMessage());
                        return Mono.empty();
                    })
                    .doOnSuccess(done -> {
                        for (int i = 0; i < entries.size(); i++) {
                            open.get(i).added(new AppendResult(entries.get(i).seq(), entries.get(i)));
                        }
                    });
        }
    }

    private Mono<Void> feed(List<AuditEntry> entries) {
        return Flux.fromIterable(entries)
                .flatMapSequential(
                        entry -> redis.callOne(
                                keys.auditFeed(),
                                commands -> commands.xadd(
                                        keys.auditFeed(),
                                        XAddArgs.Builder.maxlen(MAX_FEED).approximateTrimming(),
                                        entry.feed())),
                        TRAILS_AT_ONCE)
                .then();
    }

    static ParleyException refusal(String reason) {
        return switch (reason) {
            case "overloaded" ->
                ParleyException.of(
                        ErrorCode.OVERLOADED,
                        "this audit trail is full until PostgreSQL has archived it: try again later");
            default -> ParleyException.of(ErrorCode.NOT_FOUND, "there is no such conversation");
        };
    }
}
