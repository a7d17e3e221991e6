package dev.parley.ratelimit;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Counts on this node alone, while Redis is unavailable. Keeps the {@value #MOST} most recently used buckets and as many receipts. Answers
 * immediately, on the caller's thread; the lock is held for a few additions.
 */
final class LocalBuckets implements Buckets {

    static final int MOST = 10_000;

    private final LongSupplier nanos;
    private final Map<Key, Bucket> buckets = lastUsed();
    private final Map<Slip, Entry> entries = lastUsed();

    /** @param nanos a clock that does not go back, such as {@link System#nanoTime} */
    LocalBuckets(LongSupplier nanos) {
        this.nanos = nanos;
    }

    private record Key(String limit, LimitKey owner) {}

    private record Slip(Key key, String id) {}

    /** @param settled the actual use; negative while it is open, {@link Entry#TAKEN} when it is no reservation */
    private record Entry(long cost, double at, long settled) {

        static final long TAKEN = Long.MIN_VALUE;

        boolean reserved() {
            return settled != TAKEN;
        }
    }

    /** Whether the receipt was made here. */
    synchronized boolean has(Limit limit, LimitKey owner, String id) {
        return entries.containsKey(new Slip(new Key(limit.name(), owner), id));
    }

    @Override
    public Mono<LimitDecision> take(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt) {
        return Mono.fromSupplier(() -> taken(limit, owner, cost, receipt));
    }

    private synchronized LimitDecision taken(Limit limit, LimitKey owner, long cost, @Nullable Receipt receipt) {
        Key key = new Key(limit.name(), owner);
        double now = millis();
        Bucket bucket = drained(limit, key, now);
        Entry before = receipt == null ? null : entries.get(new Slip(key, receipt.id()));
        if (before != null) {
            if (receipt != null && before.reserved() != receipt.open()) {
                throw Receipts.otherOperation();
            }
            if (before.cost != cost) {
                throw Receipts.otherCost();
            }
            return LimitDecision.of(limit, true, bucket.level(), cost);
        }
        boolean allowed = bucket.take(limit, cost);
        if (allowed && receipt != null) {
            entries.put(new Slip(key, receipt.id()), new Entry(cost, now, receipt.open() ? -1 : Entry.TAKEN));
        }
        return LimitDecision.of(limit, allowed, bucket.level(), cost);
    }

    @Override
    public Mono<SettleResult> settle(Limit limit, LimitKey owner, String reservation, long used) {
        return Mono.fromSupplier(() -> settled(limit, owner, reservation, used));
    }

    private synchronized SettleResult settled(Limit limit, LimitKey owner, String reservation, long used) {
        Key key = new Key(limit.name(), owner);
        Slip slip = new Slip(key, reservation);
        Entry entry = entries.get(slip);
        if (entry == null) {
            throw Receipts.notFound();
        }
        if (!entry.reserved()) {
            throw Receipts.otherOperation();
        }
        Bucket bucket = drained(limit, key, millis());
        if (entry.settled < 0) {
            bucket.correct(used - entry.cost, entry.at);
            entries.put(slip, new Entry(entry.cost, entry.at, used));
        } else if (entry.settled != used) {
            throw Receipts.otherUse();
        }
        return new SettleResult(entry.cost, used, LimitDecision.of(limit, true, bucket.level(), 0));
    }

    private Bucket drained(Limit limit, Key key, double now) {
        Bucket bucket = buckets.computeIfAbsent(key, unknown -> new Bucket());
        bucket.drain(limit, now);
        return bucket;
    }

    private double millis() {
        return nanos.getAsLong() / 1e6;
    }

    private static <K, V> Map<K, V> lastUsed() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > MOST;
            }
        };
    }
}
