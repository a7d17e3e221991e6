package dev.parley.session;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.archive.DirtySet;
import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.postgres.Postgres;
import dev.parley.redis.ForeignKey;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Sessions that Redis no longer has, read from PostgreSQL and restored. */
public final class ArchivedSessions implements Archive {

    private static final Logger LOG = LoggerFactory.getLogger(ArchivedSessions.class);

    private static final Script WARM =
            Script.load(ArchivedSessions.class, "/dev/parley/redis/types.lua", "session-warm.lua");

    private final Redis redis;
    private final Keys keys;
    private final SessionRecord record;
    private final SessionWriter writer;
    private final DirtySet marks;
    private final int messages;
    private final Duration ttl;
    private final Duration unarchivedTtl;

    /**
     * @param messages number of messages per session in Redis
     * @param ttl of an archived session in Redis
     * @param unarchivedTtl of a session in Redis with unarchived parts
     */
    public ArchivedSessions(
            Redis redis, Keys keys, Postgres postgres, int messages, Duration ttl, Duration unarchivedTtl) {
        this.redis = redis;
        this.keys = keys;
        this.record = new SessionRecord(postgres);
        this.writer = new SessionWriter(postgres);
        this.marks = new DirtySet(redis, keys.dirty());
        this.messages = messages;
        this.ttl = ttl;
        this.unarchivedTtl = unarchivedTtl;
    }

    @Override
    public Mono<SessionView> newest(String conversation, Access access, int count) {
        return record.session(conversation, access)
                .flatMap(session -> (count == 0
                                ? Mono.just(List.<SessionMessage>of())
                                : record.upTo(conversation, session.number("generation"), Long.MAX_VALUE, count))
                        .map(newest -> new SessionView(session, newest, ReadSource.ARCHIVE)));
    }

    @Override
    public Mono<SessionView> after(String conversation, Access access, long seq, int limit) {
        return record.session(conversation, access)
                .flatMap(session -> record.after(conversation, session.number("generation"), seq, limit)
                        .map(page -> new SessionView(session, page, ReadSource.ARCHIVE)));
    }

    @Override
    public Mono<List<SessionMessage>> between(String conversation, long generation, long after, int limit) {
        return record.after(conversation, generation, after, limit);
    }

    @Override
    public Mono<List<SessionMessage>> upTo(String conversation, long generation, long seq, int limit) {
        return record.upTo(conversation, generation, seq, limit);
    }

    @Override
    public Mono<Void> fork(String conversation, SessionState session) {
        return writer.fork(conversation, session);
    }

    @Override
    public Mono<Void> warm(String conversation, Access access) {
        return newest(conversation, access, messages).flatMap(read -> {
            String status = read.session().status();
            if (!status.equals("active")) {
                return Mono.error(ParleyException.of(ErrorCode.GONE, "the session is " + status));
            }
            String[] all = {
                keys.session(conversation),
                keys.context(conversation),
                keys.messages(conversation),
                keys.meta(conversation)
            };
            return WARM.run(
                            redis,
                            all,
                            Script.bytes(ttl.toMillis()),
                            Script.bytes(unarchivedTtl.toMillis()),
                            Script.bytes(script(read)))
                    .doOnNext(reply -> LOG.debug("{} was restored from the record: {}", conversation, reply))
                    .filter(ArchivedSessions::dirty)
                    .flatMap(reply -> marks.set(List.of(conversation)))
                    .then();
        });
    }

    private static boolean dirty(List<Object> reply) {
        String word = Script.text(reply.get(0));
        if (ForeignKey.isIn(word)) {
            throw ForeignKey.refusal(word);
        }
        return Script.text(reply.get(1)).equals("1");
    }

    private static String script(SessionView read) {
        ObjectNode script = ExactJson.object();
        SessionState session = read.session();
        pairs(script.putArray("session"), session.fields());
        pairs(script.putArray("context"), session.context());
        ArrayNode list = script.putArray("messages");
        read.messages()
                .forEach(message -> pairs(list.addArray().add(message.seq()).addArray(), message.fields()));
        return ExactJson.write(script);
    }

    private static void pairs(ArrayNode array, Map<String, String> fields) {
        fields.forEach((name, value) -> array.add(name).add(value));
    }
}
