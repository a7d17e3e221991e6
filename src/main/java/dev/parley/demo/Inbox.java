package dev.parley.demo;

import io.lettuce.core.Consumer;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.reactive.RedisReactiveCommands;
import io.lettuce.core.codec.StringCodec;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One agent's inbox, read by the agent's own consumer group on a connection of its own, because a blocking read would delay other commands.
 * Unacknowledged entries come first: after a crash, an agent finds what it had not finished.
 */
final class Inbox {

    private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);

    private static final Duration BLOCK = Duration.ofSeconds(5);
    private static final Duration GRACE = Duration.ofSeconds(5);
    /** Interval at which pending entries are read again: entries in a lost reply are only there. */
    private static final Duration PENDING_EVERY = Duration.ofMinutes(1);

    private static final int PAGE = 8;
    private static final String START = "0-0";
    private static final String NEW = ">";

    private final RedisClient client;
    private final RedisURI uri;
    private final String agent;
    private final String key;
    private final Consumer<String> consumer;
    private final Mono<RedisReactiveCommands<String, String>> shared;

    /** Entries being answered: pending in Redis, but not to be answered again after a lost connection. */
    private final Set<String> atWork = ConcurrentHashMap.newKeySet();

    /**
     * @param client that does not reconnect: Lettuce would send the read again, and the entries of the first reply would stay pending
     * @param shared for commands that do not block
     */
    Inbox(
            RedisClient client,
            RedisURI uri,
            String prefix,
            String agent,
            Mono<RedisReactiveCommands<String, String>> shared) {
        this.client = client;
        this.uri = uri;
        this.agent = agent;
        this.key = prefix + "agent:inbox:" + agent;
        this.consumer = Consumer.from(agent, "demo");
        this.shared = shared;
    }

    /** All entries, on demand; never ends. Begins again with pending ones whenever Redis fails, and once a minute. */
    Flux<InboxEntry> letters() {
        return Flux.usingWhen(
                        connect(),
                        connection -> read(connection.reactive()),
                        connection -> Mono.fromCompletionStage(connection::closeAsync),
                        (connection, e) -> Mono.fromCompletionStage(connection::closeAsync),
                        connection -> Mono.empty()) // nobody reads on when the agent ends, and its client ends with it
                .filter(letter -> atWork.add(letter.id()))
                .doOnError(e -> LOG.warn("{} can't read its inbox now: {}", agent, e.getMessage()))
                .retryWhen(RedisRetry.AGAIN);
    }

    /** Acknowledges an entry. */
    Mono<Void> done(InboxEntry letter) {
        return shared.flatMap(commands -> commands.xack(key, agent, letter.id()))
                .retryWhen(RedisRetry.AGAIN)
                .doFinally(signal -> atWork.remove(letter.id()))
                .then();
    }

    private Mono<StatefulRedisConnection<String, String>> connect() {
        return Mono.fromCompletionStage(() -> client.connectAsync(StringCodec.UTF8, uri))
                .doOnNext(connection -> connection.setTimeout(BLOCK.plus(GRACE)));
    }

    private Flux<InboxEntry> read(RedisReactiveCommands<String, String> commands) {
        Flux<InboxEntry> minute = Flux.defer(
                () -> pending(commands).concatWith(fresh(commands, System.nanoTime() + PENDING_EVERY.toNanos())));
        return group(commands).thenMany(minute.repeat());
    }

    /** Creates the group at the start of the inbox, so that earlier messages are answered as well. */
    private Mono<Void> group(RedisReactiveCommands<String, String> commands) {
        return commands.xgroupCreate(StreamOffset.from(key, START), agent, XGroupCreateArgs.Builder.mkstream())
                .onErrorComplete(RedisBusyException.class)
                .then();
    }

    private Flux<InboxEntry> pending(RedisReactiveCommands<String, String> commands) {
        return page(commands, START)
                .expand(page -> page.isEmpty()
                        ? Mono.empty()
                        : page(commands, page.get(page.size() - 1).id()))
                .concatMapIterable(page -> page, 1);
    }

    @SuppressWarnings("unchecked") // Lettuce's varargs
    private Mono<List<InboxEntry>> page(RedisReactiveCommands<String, String> commands, String after) {
        return letters(commands.xreadgroup(consumer, XReadArgs.Builder.count(PAGE), StreamOffset.from(key, after)));
    }

    @SuppressWarnings("unchecked") // Lettuce's varargs
    private Flux<InboxEntry> fresh(RedisReactiveCommands<String, String> commands, long until) {
        return letters(commands.xreadgroup(
                        consumer, XReadArgs.Builder.block(BLOCK).count(PAGE), StreamOffset.from(key, NEW)))
                .repeat(() -> System.nanoTime() - until < 0)
                .concatMapIterable(page -> page, 1);
    }

    private static Mono<List<InboxEntry>> letters(Flux<StreamMessage<String, String>> entries) {
        return entries.map(InboxEntry::of).collectList();
    }
}
