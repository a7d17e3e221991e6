package dev.parley.store;

import dev.parley.redis.Keys;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** {@link StreamLosses} in a hash, and published on a channel of the same name. Thread-safe; never blocks. */
public final class RedisStreamLosses implements StreamLosses {

    private static final Script LOST = Script.load(RedisStreamLosses.class, "lost.lua");
    private static final long UNKNOWN = -1;

    private final Redis redis;
    private final String key;
    private final AtomicLong newest = new AtomicLong(UNKNOWN);
    private final Sinks.Many<Long> news = Sinks.many().multicast().directBestEffort();

    RedisStreamLosses(Redis redis, Keys keys) {
        this.redis = redis;
        this.key = keys.streamsLost();
    }

    /** Begins to receive losses that other nodes find. */
    public void open(PubSub broadcasts) {
        Mono<Void> unused = broadcasts.subscribe(key, (channel, at) -> heard(Script.text(at)));
    }

    private void heard(String at) {
        if (at.matches("[0-9]{1,18}")) {
            learn(Long.parseLong(at));
        }
    }

    @Override
    public Mono<Void> add(String stream, long count) {
        return LOST.run(redis, new String[] {key}, Script.bytes(stream), Script.bytes(count), Script.bytes(key))
                .doOnNext(reply -> heard(Script.text(reply.get(0))))
                .then();
    }

    @Override
    public Mono<Void> look() {
        return redis.callOne(key, commands -> commands.hget(key, "at"))
                .map(Script::text)
                .defaultIfEmpty("0")
                .doOnNext(this::heard)
                .then();
    }

    /** The time of the latest known loss, in ms; 0 for never. Reads it from Redis the first time. */
    Mono<Long> newest() {
        return Mono.defer(
                () -> newest.get() == UNKNOWN ? look().then(Mono.fromSupplier(newest::get)) : Mono.just(newest.get()));
    }

    @Override
    public Flux<Long> news() {
        return news.asFlux();
    }

    private void learn(long at) {
        long before = newest.getAndAccumulate(at, Math::max);
        if (before != UNKNOWN && at > before) {
            synchronized (news) {
                news.emitNext(at, Sinks.EmitFailureHandler.FAIL_FAST);
            }
        }
    }
}
