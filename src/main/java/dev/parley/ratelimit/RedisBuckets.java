package dev.parley.ratelimit;

import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Counts in Redis, for all nodes together: one script per request. Answers come on Redis' event loop. */
final class RedisBuckets implements Buckets {

    private static final Script TAKE = Script.load(RedisBuckets.class, "bucket.lua", "take.lua");
    private static final Script SETTLE = Script.load(RedisBuckets.class, "bucket.lua", "settle.lua");

    private final Redis redis;
    private final Keys keys;

    RedisBuckets(Redis redis, Keys keys) {
        this.redis = redis;
        this.keys = keys;
    }

    @Override
    public Mono<LimitDecision> take(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt) {
        return Mono.defer(() -> run(limit, owner, cost, receipt)).map(reply -> {
            long outcome = (Long) reply.get(0);
            if (outcome < 0) {
                throw outcome == -2 ? Receipts.otherOperation() : Receipts.otherCost();
            }
            return LimitDecision.of(limit, outcome == 1, Double.parseDouble(Script.text(reply.get(1))), cost);
        });
    }

    private Mono<List<Object>> run(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt) {
        String bucket = bucket(limit, owner);
        if (receipt == null) {
            return TAKE.run(redis, new String[] {bucket}, rate(limit), Script.bytes(limit.burst()), Script.bytes(cost));
        }
        return TAKE.run(
                redis,
                new String[] {bucket, bucket + ":" + receipt.id()},
                rate(limit),
                Script.bytes(limit.burst()),
                Script.bytes(cost),
                Script.bytes(receipt.open() ? "-" : "taken"),
                Script.bytes(ttl(limit).toMillis()));
    }

    @Override
    public Mono<SettleResult> settle(Limit limit, LimitKey owner, String reservation, long used) {
        String bucket = bucket(limit, owner);
        return SETTLE.run(redis, new String[] {bucket, bucket + ":" + reservation}, rate(limit), Script.bytes(used))
                .map(reply -> {
                    long outcome = (Long) reply.get(0);
                    if (outcome != 1) {
                        throw outcome == 0
                                ? Receipts.notFound()
                                : outcome == -2 ? Receipts.otherOperation() : Receipts.otherUse();
                    }
                    long reserved = Long.parseLong(Script.text(reply.get(1)));
                    double level = Double.parseDouble(Script.text(reply.get(2)));
                    return new SettleResult(reserved, used, LimitDecision.of(limit, true, level, 0));
                });
    }

    private String bucket(Limit limit, LimitKey owner) {
        return keys.rateLimit(limit.name(), owner.tenant(), owner.subject());
    }

    private static byte[] rate(Limit limit) {
        return Script.bytes(Double.toString(limit.perMilli() / 1000));
    }

    /** Time to live of a receipt: an hour, and until the whole burst has drained, so that none of it could be returned. */
    private static Duration ttl(Limit limit) {
        Duration full = Duration.ofMillis((long) (limit.burst() / limit.perMilli()) + 1);
        return full.compareTo(Receipts.SHORTEST) > 0 ? full : Receipts.SHORTEST;
    }
}
