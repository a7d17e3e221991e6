package dev.parley.session;

import dev.parley.archive.Archived;
import dev.parley.log.SessionMessage;
import dev.parley.log.SessionState;
import dev.parley.postgres.Postgres;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.publisher.Mono;

/**
 * Copies what has changed in sessions from Redis to PostgreSQL, and lets Redis drop what is there. On Redis' and PostgreSQL's event
 * loops.
 */
public final class SessionArchive implements Archived {

    private static final Script READ = Script.load(SessionArchive.class, "archive-read.lua");
    private static final Script DONE = Script.load(SessionArchive.class, "archive-done.lua");

    private static final int PAGE = 500;

    private final Redis redis;
    private final Keys keys;
    private final SessionRecord record;
    private final int kept;
    private final Duration ttl;
    private final LongAdder copied = new LongAdder();

    /**
     * @param kept messages that a session keeps in Redis
     * @param ttl of a session in Redis from its last activity on, once it is archived
     */
    public SessionArchive(Redis redis, Keys keys, Postgres postgres, int kept, Duration ttl) {
        this.redis = redis;
        this.keys = keys;
        this.record = new SessionRecord(postgres);
        this.kept = kept;
        this.ttl = ttl;
    }

    /** Messages that this node has copied. */
    public long copied() {
        return copied.sum();
    }

    @Override
    public Mono<Void> archive(String conversation) {
        String[] all = {keys.session(conversation), keys.context(conversation), keys.messages(conversation)};
        return READ.run(redis, all, Script.bytes(PAGE))
                .filter(reply -> !reply.isEmpty())
                .flatMap(reply -> copy(conversation, all, reply))
                .defaultIfEmpty(false)
                .repeat()
                .takeUntil(more -> !more)
                .then();
    }

    /** Whether there is more. */
    private Mono<Boolean> copy(String conversation, String[] all, List<Object> reply) {
        SessionState session = new SessionState(
                SessionMessage.pairs(Script.list(reply.get(0))), SessionMessage.pairs(Script.list(reply.get(1))));
        List<SessionMessage> messages = Script.list(reply.get(2)).stream()
                .map(entry -> SessionMessage.of(Script.list(entry)))
                .toList();
        long last = messages.isEmpty()
                ? session.number("archived_seq")
                : messages.get(messages.size() - 1).seq();
        return record.put(conversation, session, messages, last)
                .then(DONE.run(
                        redis,
                        all,
                        Script.bytes(session.text("generation")),
                        Script.bytes(session.text("version")),
                        Script.bytes(last),
                        Script.bytes(kept),
                        Script.bytes(ttl.toMillis()),
                        Script.bytes(messages.size() == PAGE ? "1" : "0")))
                .doOnNext(done -> copied.add(messages.size()))
                .map(done -> Script.text(done.get(0)).equals("1"));
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
