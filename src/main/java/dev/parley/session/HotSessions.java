package dev.parley.session;

import dev.parley.auth.Access;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.log.SessionMessage;
import dev.parley.log.SessionState;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Sessions as Redis has them, read in one round trip each. Cold; on Redis' event loop. */
final class HotSessions {

    private static final Script READ = Script.load(HotSessions.class, "session-read.lua");

    private final Redis redis;
    private final Keys keys;

    HotSessions(Redis redis, Keys keys) {
        this.redis = redis;
        this.keys = keys;
    }

    /** Whose session it is; empty when there is none. */
    Mono<String> tenant(String conversation) {
        String session = keys.session(conversation);
        return redis.callOne(session, commands -> commands.hget(session, "tenant_id"))
                .map(Script::text);
    }

    /** Reads the newest messages; empty when there is no session, {@code not_found} when it is another tenant's. */
    Mono<Read> newest(String conversation, Access access, int messages) {
        return read(conversation, access, messages, null)
                .map(read -> new Read(read.session(), reversed(read.messages()), Source.LIVE));
    }

    /** Reads the messages behind a number, the oldest first. */
    Mono<Read> after(String conversation, Access access, int messages, long seq) {
        return read(conversation, access, messages, seq);
    }

    private Mono<Read> read(String conversation, Access access, int messages, @Nullable Long after) {
        String[] all = {
            keys.session(conversation), keys.context(conversation), keys.messages(conversation), keys.meta(conversation)
        };
        return READ.run(
                        redis,
                        all,
                        Script.bytes(access.checked() ? access.tenant() : ""),
                        Script.bytes(messages),
                        Script.bytes(after == null ? "" : Long.toString(after)))
                .flatMap(HotSessions::parse);
    }

    private static Mono<Read> parse(List<Object> reply) {
        return switch (Script.text(reply.get(0))) {
            case "missing" -> Mono.empty();
            case "not_found" -> Mono.error(notFound());
            default ->
                Mono.just(new Read(
                        new SessionState(
                                SessionMessage.pairs(Script.list(reply.get(1))),
                                SessionMessage.pairs(Script.list(reply.get(2)))),
                        Script.list(reply.get(3)).stream()
                                .map(entry -> SessionMessage.of(Script.list(entry)))
                                .toList(),
                        Source.LIVE));
        };
    }

    private static List<SessionMessage> reversed(List<SessionMessage> newestFirst) {
        return IntStream.range(0, newestFirst.size())
                .mapToObj(i -> newestFirst.get(newestFirst.size() - 1 - i))
                .toList();
    }

    static Refusal notFound() {
        return Refusal.of(ErrorCode.NOT_FOUND, "there is no such session");
    }
}
