package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import io.lettuce.core.KeyValue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Entries and flights in Redis. All of a tenant's share a slot, and a look-up is one script. Entries in the original Python format have
 * slots of their own, so their epoch is read first. Cold; answers come on Redis' event loop, and fail as {@link Redis} says.
 */
final class EntryStore implements Flights {

    private static final Logger LOG = LoggerFactory.getLogger(EntryStore.class);

    /** Time for which a response is remembered as one that may not be kept. */
    private static final Duration UNCACHEABLE = Duration.ofSeconds(2);

    /** Time for which a flight's failure is remembered: waiting callers look several times a second. */
    private static final Duration FAILED = Duration.ofSeconds(5);

    /** Maximum number of tags, models and namespaces with an epoch of their own. */
    private static final int MAX_EPOCHS = 10_000;

    /**
     * Time for which an entry in the original Python format is known to be newer than an invalidation, from the first look-up after that.
     */
    private static final Duration SEED_EPOCH = Duration.ofDays(1);

    private static final int COUNT_AT_ONCE = 500;

    /** Compressing more than this takes too long for an event loop. */
    private static final int LONG = 64 << 10;

    private static final Script LOOK = Script.load(EntryStore.class, "flight.lua", "entry.lua", "look.lua");
    private static final Script SEED_LOOK = Script.load(EntryStore.class, "flight.lua", "seed-look.lua");
    private static final Script PUT = Script.load(EntryStore.class, "entry.lua", "put.lua");
    private static final Script SEED_PUT = Script.load(EntryStore.class, "seed-put.lua");
    private static final Script RENEW = Script.load(EntryStore.class, "renew.lua");
    private static final Script RELEASE = Script.load(EntryStore.class, "release.lua");
    private static final Script INVALIDATE = Script.load(EntryStore.class, "invalidate.lua");
    private static final Script COUNT = Script.load(EntryStore.class, "entry.lua", "count.lua");
    private static final Script EXPLAIN = Script.load(EntryStore.class, "entry.lua", "explain.lua");
    private static final Script SEED_EXPLAIN = Script.load(EntryStore.class, "seed-explain.lua");

    private static final byte[] EMPTY = {};

    /** Places among {@link #keysOf an entry's keys}. */
    private static final int FLIGHT = 1;

    private static final int FAILURE = 3;
    private static final int AWAITED = 4;

    private final Redis redis;
    private final Keys keys;
    private final CacheSettings settings;
    private final Supplier<String> unique;

    /** @param unique makes tokens unique */
    EntryStore(Redis redis, Keys keys, CacheSettings settings, Supplier<String> unique) {
        this.redis = redis;
        this.keys = keys;
        this.settings = settings;
        this.unique = unique;
    }

    @Override
    public Mono<StoreLookup> look(CacheKey key, Duration lease, @Nullable Duration oldest, @Nullable String awaited) {
        return look(key, lease, oldest, awaited, settings.lease());
    }

    /** Looks up without taking a flight: for callers that will not compute what is under this key. */
    Mono<StoreLookup> peek(CacheKey key, @Nullable Duration oldest) {
        return look(key, Duration.ZERO, oldest, null, Duration.ZERO);
    }

    private Mono<StoreLookup> look(
            CacheKey key, Duration lease, @Nullable Duration oldest, @Nullable String awaited, Duration refresh) {
        return Mono.defer(() -> {
                    byte[] waits = awaited == null ? EMPTY : Script.bytes(awaited);
                    byte[] wanted = Script.bytes(lease.toMillis());
                    byte[] token = Script.bytes(unique.get());
                    byte[] old = Script.bytes(oldest == null ? -1 : oldest.toMillis());
                    return key.seed()
                            ? seedEpoch(key)
                                    .flatMap(epoch -> SEED_LOOK.run(
                                            redis,
                                            keysOf(key),
                                            wanted,
                                            token,
                                            waits,
                                            old,
                                            epoch,
                                            Script.bytes(SEED_EPOCH.toMillis())))
                            : LOOK.run(redis, keysOf(key), wanted, token, waits, old, Script.bytes(refresh.toMillis()));
                })
                .map(this::read);
    }

    /** The epoch of the latest invalidation that concerns an entry in the original Python format; 0 if there was none. */
    private Mono<byte[]> seedEpoch(CacheKey key) {
        String epochs = keys.cacheEpochs(key.tenant());
        String all = new InvalidationScope(InvalidationScope.Kind.ALL, "").field();
        String model =
                new InvalidationScope(InvalidationScope.Kind.MODEL, Objects.requireNonNull(key.seedModel())).field();
        return redis.call(epochs, commands -> commands.hmget(epochs, all, model))
                .filter(KeyValue::hasValue)
                .map(field -> Long.parseLong(Script.text(field.getValue())))
                .reduce(0L, Math::max)
                .map(Script::bytes);
    }

    private StoreLookup read(List<Object> reply) {
        return switch (Script.text(reply.get(0))) {
            case "hit" -> found(reply, false);
            case "stale" -> found(reply, true);
            case "free" -> new StoreLookup.Free();
            case "taken" -> taken(reply);
            case "failed" -> new StoreLookup.Failed(ComputeFailure.decoded((byte[]) reply.get(2)));
            default -> new StoreLookup.Missing(reason(reply), lead(reply, 2));
        };
    }

    private static StoreLookup taken(List<Object> reply) {
        String token = Script.text(reply.get(3));
        return new StoreLookup.Taken(reason(reply), (Long) reply.get(2), token.isEmpty() ? null : token);
    }

    private StoreLookup found(List<Object> reply, boolean stale) {
        byte[] value = (byte[]) reply.get(2);
        try {
            return reply.get(1) == null
                    ? seeds(value)
                    : new StoreLookup.Found(
                            Header.entry(
                                    Script.text(reply.get(1)),
                                    value,
                                    settings.maxEntry().intBytes()),
                            (Long) reply.get(3),
                            stale,
                            lead(reply, 4));
        } catch (IllegalStateException e) {
            LOG.warn("An entry of the cache can't be read", e);
            return new StoreLookup.Missing(Reason.DAMAGED, null);
        }
    }

    /** An entry in the original Python format. Python does not check its content, so it may be empty. */
    private static StoreLookup seeds(byte[] value) {
        JsonNode response = ResponseJson.read(value);
        return EmptyResponse.is(response)
                ? new StoreLookup.Missing(Reason.EMPTY, null)
                : new StoreLookup.Found(Header.seeds(value, response), -1, false, null);
    }

    private static Reason reason(List<Object> reply) {
        return Reason.of(Script.text(reply.get(1)));
    }

    private static @Nullable ComputeLease lead(List<Object> reply, int at) {
        return reply.size() > at ? new ComputeLease(Script.text(reply.get(at)), (Long) reply.get(at + 1)) : null;
    }

    /**
     * Stores an entry.
     *
     * @param response the value of an entry in the original Python format
     * @param token null: without a flight
     * @param fresh not zero
     * @return the reason why it is not stored; empty when it is
     */
    Mono<Reason> put(CacheKey key, CacheEntry entry, JsonNode response, @Nullable String token, Duration fresh) {
        byte[] flight = token == null ? EMPTY : Script.bytes(token);
        Mono<List<Object>> script = key.seed()
                ? seedEpoch(key)
                        .flatMap(epoch -> SEED_PUT.run(
                                redis,
                                keysOf(key),
                                flight,
                                ResponseJson.write(response),
                                Script.bytes(fresh.toMillis()),
                                epoch))
                : packed(entry.json())
                        .flatMap(value -> PUT.run(
                                redis,
                                keysOf(key),
                                flight,
                                Script.bytes(Header.text(entry, value != entry.json())),
                                value,
                                Script.bytes(fresh.toMillis()),
                                Script.bytes(fresh.plus(settings.stale()).toMillis()),
                                Script.bytes(settings.maxEntries()),
                                Script.bytes(key.hash()),
                                Script.bytes(keys.cached(key.tenant()))));
        return script.map(reply -> Script.text(reply.get(0)))
                .filter(outcome -> !outcome.equals("stored"))
                .map(Reason::of);
    }

    private static Mono<byte[]> packed(byte[] json) {
        Mono<byte[]> packed = Mono.fromSupplier(() -> EntryCompression.packed(json));
        return json.length > LONG ? packed.subscribeOn(Schedulers.parallel()) : packed;
    }

    @Override
    public Mono<LeaseRenewal> renew(CacheKey key, String token, Duration lease) {
        return Mono.defer(() -> {
                    String[] all = keysOf(key);
                    return RENEW.run(
                            redis,
                            new String[] {all[FLIGHT], all[AWAITED]},
                            Script.bytes(token),
                            Script.bytes(lease.toMillis()));
                })
                .map(reply -> new LeaseRenewal((Long) reply.get(0) == 1, (Long) reply.get(1) == 1));
    }

    @Override
    public Mono<Boolean> release(CacheKey key, String token, Ending ending) {
        return Mono.defer(() -> {
                    String[] all = keysOf(key);
                    String[] flight = {all[FLIGHT], all[FAILURE]};
                    byte[] one = Script.bytes(token);
                    if (ending instanceof Ending.Failed failed) {
                        ComputeFailure how = failed.failure();
                        return RELEASE.run(
                                redis,
                                flight,
                                one,
                                Script.bytes("failed"),
                                Script.bytes(FAILED.toMillis()),
                                how == null ? EMPTY : how.encoded());
                    }
                    return ending instanceof Ending.Uncacheable
                            ? RELEASE.run(
                                    redis,
                                    flight,
                                    one,
                                    Script.bytes("uncacheable"),
                                    Script.bytes(UNCACHEABLE.toMillis()))
                            : RELEASE.run(redis, flight, one, Script.bytes("abandoned"));
                })
                .map(reply -> (Long) reply.get(0) == 1);
    }

    /** Drops an entry. Emits whether there was one. */
    Mono<Boolean> drop(CacheKey key) {
        String entry = keysOf(key)[0];
        return redis.callOne(entry, commands -> commands.unlink(entry)).map(gone -> gone == 1);
    }

    /** Begins an epoch for some of a tenant's entries; once it completes no node serves earlier ones. */
    Mono<String> invalidate(String tenant, List<InvalidationScope> scopes) {
        byte[][] arguments = Stream.concat(
                        Stream.of(
                                Integer.toString(MAX_EPOCHS),
                                Long.toString(
                                        CacheSettings.MAX_TTL.multipliedBy(2).toMillis())),
                        scopes.stream().map(InvalidationScope::field))
                .map(Script::bytes)
                .toArray(byte[][]::new);
        return INVALIDATE
                .run(redis, new String[] {keys.cacheEpochs(tenant)}, arguments)
                .map(reply -> Script.text(reply.get(0)));
    }

    /** Counts the tenant's entries that an invalidation would reach. They are read part by part, so concurrent changes may count or not. */
    Mono<Long> count(String tenant, InvalidationScope scope) {
        return part(tenant, scope, 0)
                .expand(part ->
                        part.seen < COUNT_AT_ONCE ? Mono.empty() : part(tenant, scope, part.first + COUNT_AT_ONCE))
                .reduce(0L, (sum, part) -> sum + part.matching);
    }

    private record Part(int first, long seen, long matching) {}

    private Mono<Part> part(String tenant, InvalidationScope scope, int first) {
        return COUNT.run(
                        redis,
                        new String[] {keys.cacheIndex(tenant), keys.cacheEpochs(tenant)},
                        Script.bytes(first),
                        Script.bytes(first + COUNT_AT_ONCE - 1),
                        Script.bytes(keys.cached(tenant)),
                        Script.bytes(scope.field()))
                .map(reply -> new Part(first, (Long) reply.get(0), (Long) reply.get(1)));
    }

    /** What is stored under a key, without a change to it. */
    Mono<Explanation.Kept> explain(CacheKey key) {
        Mono<List<Object>> script = key.seed()
                ? seedEpoch(key).flatMap(epoch -> SEED_EXPLAIN.run(redis, keysOf(key), epoch))
                : EXPLAIN.run(redis, keysOf(key));
        return script.map(Explanation.Kept::of);
    }

    /** The entry, {@link #FLIGHT}, the epochs, {@link #FAILURE}, {@link #AWAITED}, and the index if there is one. */
    private String[] keysOf(CacheKey key) {
        if (key.seed()) {
            String entry = keys.cachedBySeed(key.hash());
            String flight = keys.cacheFlight(entry);
            return new String[] {entry, flight, keys.cacheSeedEpoch(entry), flight + ":failed", flight + ":awaited"};
        }
        String entry = keys.cached(key.tenant()) + key.hash();
        String flight = keys.cacheFlight(entry);
        return new String[] {
            entry,
            flight,
            keys.cacheEpochs(key.tenant()),
            flight + ":failed",
            flight + ":awaited",
            keys.cacheIndex(key.tenant())
        };
    }

    /** The header in front of an entry's JSON; {@code entry.lua} reads it, too. */
    static final class Header {

        private Header() {}

        private static final String PACKED = "deflate";
        private static final String CALLS = "calls";

        /** All lines except the first three, which Redis writes by its own clock. */
        static String text(CacheEntry entry, boolean packed) {
            return Stream.concat(
                            Stream.of(
                                    Long.toString(entry.tookMillis()),
                                    Long.toString(entry.costMicros()),
                                    form(entry, packed),
                                    entry.category().wire(),
                                    entry.model(),
                                    entry.namespace()),
                            entry.tags().stream())
                    .collect(Collectors.joining("\n", "", "\n"));
        }

        private static String form(CacheEntry entry, boolean packed) {
            return Stream.of(packed ? PACKED : "", entry.calls() ? CALLS : "")
                    .filter(word -> !word.isEmpty())
                    .collect(Collectors.joining(" "));
        }

        static CacheEntry entry(String header, byte[] value, int most) {
            List<String> lines = List.of(header.split("\n", -1));
            List<String> form = List.of(lines.get(5).split(" ", -1));
            byte[] json = form.contains(PACKED) ? EntryCompression.unpacked(value, most) : value;
            return new CacheEntry(
                    Long.parseLong(lines.get(1)),
                    Category.of(lines.get(6)),
                    lines.get(7),
                    lines.get(8),
                    new ArrayList<>(lines.subList(Explanation.Kept.TAGS, lines.size() - 1)),
                    Long.parseLong(lines.get(3)),
                    Long.parseLong(lines.get(4)),
                    form.contains(CALLS),
                    json);
        }

        /** An entry that Python has written: invalid JSON would damage the response that contains it. */
        static CacheEntry seeds(byte[] value, JsonNode response) {
            boolean calls = ModelReply.of(response).calls();
            String json = "{\"response\":" + new String(value, StandardCharsets.UTF_8) + "}";
            return new CacheEntry(
                    0, Category.DEFAULT, "", "", List.of(), 0, 0, calls, json.getBytes(StandardCharsets.UTF_8));
        }
    }
}
