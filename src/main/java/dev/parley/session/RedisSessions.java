package dev.parley.session;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.store.RedisEventStore;
import dev.parley.store.SessionMessage;
import dev.parley.store.SessionState;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Sessions in Redis, read in one round trip each. Cold; on Redis' event loop. */
final class RedisSessions {

    private static final Script READ =
            Script.load(RedisSessions.class, "/dev/parley/redis/types.lua", "session-read.lua");

    private final Redis redis;
    private final Keys keys;
    private final Function<String, Mono<Boolean>> imports;

    /** @param imports imports a session of another program, see {@link dev.parley.store.SessionImport} */
    RedisSessions(Redis redis, Keys keys, Function<String, Mono<Boolean>> imports) {
        this.imports = imports;
        this.redis = redis;
        this.keys = keys;
    }

    /** The tenant of a session; empty if there is none. */
    Mono<String> tenant(String conversation) {
        String session = keys.session(conversation);
        return redis.callOne(session, commands -> commands.hget(session, "tenant_id"))
                .map(Script::text);
    }

    /** Reads the newest messages; empty without a session, {@code not_found} for another tenant's. */
    Mono<SessionView> newest(String conversation, Access access, int messages) {
        return read(conversation, access, messages, null)
                .map(read -> new SessionView(read.session(), reversed(read.messages()), ReadSource.LIVE));
    }

    /** Reads the messages after a number, the oldest first. */
    Mono<SessionView> after(String conversation, Access access, int messages, long seq) {
        return read(conversation, access, messages, seq);
    }

    private Mono<SessionView> read(String conversation, Access access, int messages, @Nullable Long after) {
        String[] all = {
            keys.session(conversation), keys.context(conversation), keys.messages(conversation), keys.meta(conversation)
        };
        Mono<List<Object>> reading = READ.run(
                redis,
                all,
                Script.bytes(access.checked() ? access.tenant() : ""),
                Script.bytes(messages),
                Script.bytes(after == null ? "" : Long.toString(after)));
        return reading.flatMap(reply -> mayBeImported(reply)
                        ? imports.apply(conversation).flatMap(found -> found ? reading : Mono.just(reply))
                        : Mono.just(reply))
                .flatMap(RedisSessions::parse);
    }

    private static boolean mayBeImported(List<Object> reply) {
        String word = Script.text(reply.get(0));
        return word.equals("missing") || word.equals("python");
    }

    private static Mono<SessionView> parse(List<Object> reply) {
        return switch (Script.text(reply.get(0))) {
            case "missing" -> Mono.empty();
            case "not_found" -> Mono.error(notFound());
            case "session" ->
                Mono.just(new SessionView(
                        new SessionState(
                                SessionMessage.pairs(Script.list(reply.get(1))),
                                SessionMessage.pairs(Script.list(reply.get(2)))),
                        Script.list(reply.get(3)).stream()
                                .map(entry -> SessionMessage.of(Script.list(entry)))
                                .toList(),
                        ReadSource.LIVE));
            default -> Mono.error(RedisEventStore.refusal(Script.text(reply.get(0))));
        };
    }

    private static List<SessionMessage> reversed(List<SessionMessage> newestFirst) {
        return IntStream.range(0, newestFirst.size())
                .mapToObj(i -> newestFirst.get(newestFirst.size() - 1 - i))
                .toList();
    }

    static ParleyException notFound() {
        return ParleyException.of(ErrorCode.NOT_FOUND, "there is no such session");
    }
}
