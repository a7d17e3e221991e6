package dev.parley.session;

import dev.parley.archive.ArchiveSource;
import dev.parley.archive.PagedCopy;
import dev.parley.archive.PagedCopy.Step;
import dev.parley.archive.PagedCopy.Stepped;
import dev.parley.postgres.Postgres;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.publisher.Mono;

/**
 * Copies changes of sessions from Redis to PostgreSQL, many in one transaction, and lets Redis drop what is archived. On Redis' and
 * PostgreSQL's event loops.
 */
public final class SessionArchive implements ArchiveSource {

    private static final Script READ = Script.load(SessionArchive.class, "archive-read.lua");
    private static final Script DONE = Script.load(SessionArchive.class, "archive-done.lua");

    /** Maximum messages of one transaction, 64 KiB each at most; each session has at least a few, and at most a page. */
    private static final int MOST = 4_096;

    private static final int FEW = 32;
    private static final int PAGE = 500;

    private final Redis redis;
    private final Keys keys;
    private final PagedCopy<ArchiveBatch> pages;
    private final int kept;
    private final Duration ttl;
    private final LongAdder copied = new LongAdder();

    /**
     * @param kept number of messages that a session keeps in Redis
     * @param ttl of an archived session in Redis after its last activity
     */
    public SessionArchive(Redis redis, Keys keys, Postgres postgres, int kept, Duration ttl) {
        this.redis = redis;
        this.keys = keys;
        this.pages = new PagedCopy<>(MOST, FEW, PAGE, this::read, new SessionWriter(postgres)::put, this::done);
        this.kept = kept;
        this.ttl = ttl;
    }

    /** Number of messages that this node has copied. */
    public long copied() {
        return copied.sum();
    }

    @Override
    public Mono<List<String>> archive(List<String> conversations) {
        return pages.copy(conversations);
    }

    private String[] all(String conversation) {
        return new String[] {keys.session(conversation), keys.context(conversation), keys.messages(conversation)};
    }

    /** Empty if there is no such session. */
    private Mono<ArchiveBatch> read(String conversation, int page) {
        return READ.run(redis, all(conversation), Script.bytes(page))
                .filter(reply -> !reply.isEmpty())
                .map(reply -> new ArchiveBatch(
                        conversation,
                        new SessionState(
                                SessionMessage.pairs(Script.list(reply.get(0))),
                                SessionMessage.pairs(Script.list(reply.get(1)))),
                        Script.list(reply.get(2)).stream()
                                .map(entry -> SessionMessage.of(Script.list(entry)))
                                .toList()));
    }

    private Mono<Stepped> done(ArchiveBatch copy, int page) {
        boolean longer = copy.messages().size() == page;
        return DONE.run(
                        redis,
                        all(copy.conversation()),
                        Script.bytes(copy.session().text("generation")),
                        Script.bytes(copy.session().text("version")),
                        Script.bytes(copy.last()),
                        Script.bytes(kept),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(longer ? "1" : "0"))
                .doOnNext(reply -> copied.add(copy.messages().size()))
                .map(reply ->
                        !Script.text(reply.get(0)).equals("1") ? Step.ARCHIVED : longer ? Step.LONGER : Step.CHANGED)
                .map(step -> new Stepped(copy.conversation(), step));
    }

    @Override
    public String keys() {
        return keys.session("*");
    }

    @Override
    public Mono<String> unarchived(String session) {
        return redis.call(session, commands -> commands.hmget(session, "version", "archived"))
                .map(field -> field.hasValue() ? Script.text(field.getValue()) : "")
                .collectList()
                .filter(versions ->
                        versions.get(0).isEmpty() || !versions.get(0).equals(versions.get(1)))
                .map(versions -> keys.conversation(session));
    }
}
