package dev.parley.llmcache;

import dev.parley.error.ParleyException;
import dev.parley.llmcache.live.LiveAnswer;
import dev.parley.llmcache.live.LiveAnswers;
import dev.parley.llmcache.semantic.Found;
import dev.parley.llmcache.semantic.Reported;
import dev.parley.llmcache.semantic.Semantic;
import dev.parley.redis.Keys;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.support.BoundedTasks;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Per-tenant cache of model responses, keyed by the exact request. A tenant never sees another's entries.
 *
 * <p>Look-ups and puts never fail because of Redis: while it is unavailable a look-up is a miss immediately, a put is dropped, and this
 * node alone decides who computes. All Monos are cold, and answer on Redis' event loop, or on a thread of Reactor's parallel scheduler if
 * they waited. Thread-safe.
 */
public final class LlmCache implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(LlmCache.class);

    /** Maximum number of questions embedded in the background at the same time. */
    private static final int MOST_INDEXING = 1_000;

    private static final Duration INDEXING = Duration.ofSeconds(10);

    /** Variation of the times to live, so that entries do not all expire together. */
    private static final double JITTER = 0.1;

    private final CacheSettings settings;
    private final @Nullable String seedTenant;
    private final Map<String, Price> prices;
    private final Policy policy;
    private final LiveAnswers live;
    private final EntryStore store;
    private final LocalFlights local = new LocalFlights(System::nanoTime);
    private final FallbackFlights flights;
    private final SingleFlight single;
    private final @Nullable SemanticLookup paraphrases;
    private final CacheStats tally;
    private final BoundedTasks indexing = new BoundedTasks(MOST_INDEXING);

    public LlmCache(Redis redis, Keys keys, CacheSettings settings) {
        this(redis, keys, settings, new PatternPersonalData(), null, Set.of());
    }

    /**
     * @param semantic finds the same question in other words; null: disabled
     * @param reworded the categories in which such an answer is served
     */
    public LlmCache(
            Redis redis,
            Keys keys,
            CacheSettings settings,
            PersonalData personal,
            @Nullable Semantic semantic,
            Set<Category> reworded) {
        this.settings = settings;
        this.seedTenant = settings.seedTenant().orElse(null);
        this.prices = Price.byModel(settings.prices().orElseGet(List::of));
        this.policy = new Policy(settings.maxTemperature(), personal);
        this.live = new LiveAnswers(redis, keys);
        this.store = new EntryStore(redis, keys, settings, live::unique);
        this.flights = new FallbackFlights(store, local);
        this.single = new SingleFlight(flights, live, settings.maxWaiting());
        this.paraphrases = semantic == null ? null : new SemanticLookup(semantic, store, reworded);
        this.tally = new CacheStats(redis, keys, seedTenant);
    }

    /** Begins to write statistics, and to receive other nodes' messages over {@code channels}. */
    public void open(PubSub channels) {
        tally.open();
        live.open(channels);
    }

    /** Ends all waits and stops writing. */
    @Override
    public void dispose() {
        single.dispose();
        flights.dispose();
        indexing.dispose();
        live.dispose();
        tally.dispose();
    }

    /** Writes the present statistics, for a stop. Never fails. */
    public Mono<Void> flush() {
        return tally.flush();
    }

    /** The lease for callers that compute and do not state one. */
    public Duration lease() {
        return settings.lease();
    }

    public CacheKey key(Question question) {
        return CacheKey.of(question, seedTenant);
    }

    /** Looks a response up, and waits for one that is being computed if {@code terms} say so. Cancelling ends the wait. */
    public Mono<CacheAnswer> lookup(Question question, LookupOptions terms) {
        return Mono.defer(() -> {
                    CacheKey key = key(question);
                    return judged(policy.isLong(question), () -> policy.refusal(question))
                            .flatMap(refusal -> refusal.isEmpty()
                                    ? look(question, key, terms)
                                    : Mono.<CacheAnswer>just(new CacheAnswer.Miss(key, refusal.get(), null)));
                })
                .map(answer -> answer instanceof CacheAnswer.Live live ? counted(live) : allowed(question, answer))
                .doOnNext(tally::looked);
    }

    /** Counts a followed stream as a hit once it has ended and is stored, because only then is it known what it saved. */
    private CacheAnswer.Live counted(CacheAnswer.Live live) {
        Mono<byte[]> saved = store.explain(live.key())
                .timeout(FallbackFlights.PATIENCE, FallbackFlights.late())
                .doOnNext(kept -> tally.saved(live.key(), kept.tookMillis(), kept.costMicros()))
                .doOnError(FallbackFlights::tell)
                .onErrorComplete()
                .then(Mono.empty());
        return new CacheAnswer.Live(live.key(), live.events().concatWith(saved));
    }

    /** Runs a long check where it delays no connection. */
    private static Mono<Optional<Reason>> judged(boolean isLong, Supplier<@Nullable Reason> judge) {
        Mono<Optional<Reason>> verdict = Mono.fromSupplier(() -> Optional.ofNullable(judge.get()));
        return isLong ? verdict.subscribeOn(Schedulers.parallel()) : verdict;
    }

    /**
     * The key is the same whatever rules the caller waives: a caller that has not allowed tool calls does not receive a response with one.
     */
    private static CacheAnswer allowed(Question question, CacheAnswer answer) {
        return answer instanceof CacheAnswer.Hit hit && !Policy.allows(question, hit.entry())
                ? new CacheAnswer.Miss(hit.key(), Reason.TOOL_CALLS, hit.lead())
                : answer;
    }

    /** Exact entry; otherwise a semantic one; otherwise the flight. */
    private Mono<CacheAnswer> look(Question question, CacheKey key, LookupOptions terms) {
        SemanticLookup others = paraphrases;
        if (others == null || terms.nearest() >= 1 || !others.mayAnswer(question, key)) {
            return single.look(key, terms);
        }
        return single.look(key, new LookupOptions(Duration.ZERO, Duration.ZERO, terms.oldest()))
                .flatMap(exact -> {
                    if (exact instanceof CacheAnswer.Hit) {
                        return Mono.just(exact);
                    }
                    return exact.lead() == null
                            ? others.look(question, key, terms).switchIfEmpty(single.look(key, terms))
                            : refreshing(key, terms, exact);
                });
    }

    /** The entry is stale, and the first look-up has chosen this caller to refresh it. */
    private Mono<CacheAnswer> refreshing(CacheKey key, LookupOptions terms, CacheAnswer leading) {
        return terms.lease().isZero()
                ? Mono.just(leading)
                : single.look(key, new LookupOptions(Duration.ZERO, terms.lease(), terms.oldest()))
                        .map(now -> now instanceof CacheAnswer.Hit hit
                                ? new CacheAnswer.Hit(key, hit.entry(), hit.kind(), hit.ageMillis(), leading.lead())
                                : leading);
    }

    /**
     * Reports that an entry's answer was wrong for a question. The question's own entry is dropped for all callers, and the next one
     * computes another. Another question's entry is not given to this question again, and counts against its category, once.
     *
     * @param entry the entry's key
     * @return fails with {@code unavailable} while Redis is unavailable
     */
    public Mono<FeedbackResult> report(Question question, String entry) {
        return Mono.defer(() -> {
            CacheKey key = key(question);
            if (entry.equals(key.hash())) {
                return store.drop(key).map(dropped -> new FeedbackResult(dropped, null));
            }
            Mono<Reported> others = paraphrases == null ? Mono.empty() : paraphrases.report(question, key, entry);
            return others.map(reported -> new FeedbackResult(false, reported))
                    .defaultIfEmpty(new FeedbackResult(false, null));
        });
    }

    /**
     * Stores a response, if it may be kept, and delivers it to waiting callers. If it may not be kept, they learn that and compute for
     * themselves. The semantic cache finds it a moment later, because no caller waits for an embedder here.
     *
     * @param token of the flight; null without one
     */
    public Mono<StoreResult> put(Question question, ModelReply reply, @Nullable String token) {
        return store(question, reply, token).doOnNext(stored -> {
            if (paraphrases != null && !indexing.begin(index(question, stored))) {
                LOG.debug("Too many questions are being embedded: {} is found only by the same words", stored.key());
            }
        });
    }

    /** As {@link #put}, and completes when the semantic cache finds the entry, too, or after ten seconds. For bulk loading. */
    public Mono<StoreResult> putAndIndex(Question question, ModelReply reply, @Nullable String token) {
        return store(question, reply, token).delayUntil(stored -> index(question, stored));
    }

    private Mono<StoreResult> store(Question question, ModelReply reply, @Nullable String token) {
        return Mono.defer(() -> {
                    if (token != null && !ComputeLease.isToken(token)) {
                        throw ParleyException.badRequest(
                                "token is not one that a look-up has returned: copy it unchanged");
                    }
                    CacheKey key = key(question);
                    if (key.seed() && !reply.tags().isEmpty()) {
                        throw ParleyException.badRequest(
                                "an entry in the original Python format can't have tags: add a namespace, or leave tags out");
                    }
                    return judged(
                                    policy.isLong(question) || policy.isLong(reply),
                                    () -> policy.refusal(question, reply))
                            .flatMap(refusal -> store(question, key, reply, token, refusal.orElse(null)));
                })
                .doOnNext(tally::put);
    }

    private Mono<StoreResult> store(
            Question question, CacheKey key, ModelReply reply, @Nullable String token, @Nullable Reason ruled) {
        Reason refusal = ruled;
        Duration fresh = fresh(question.category(), reply);
        CacheEntry entry = CacheEntry.of(question, reply, token, prices.get(question.model()));
        if (refusal == null && fresh.isZero()) {
            refusal = Reason.TTL;
        } else if (refusal == null && entry.json().length > settings.maxEntry().bytes()) {
            refusal = Reason.TOO_LARGE;
        }
        return refusal == null
                ? store(key, entry, reply, token, fresh)
                : refuse(key, token).thenReturn(StoreResult.refused(key, refusal));
    }

    private Mono<Void> index(Question question, StoreResult stored) {
        return paraphrases == null || stored.reason() != null
                ? Mono.empty()
                : paraphrases
                        .remember(question, stored.key(), stored.fresh())
                        .timeout(INDEXING)
                        .doOnError(e -> LOG.debug("{} is found only by the same words", stored.key(), e))
                        .onErrorComplete();
    }

    private Mono<Void> refuse(CacheKey key, @Nullable String token) {
        if (token == null) {
            return Mono.empty();
        }
        return flights.release(key, token, Flights.Ending.UNCACHEABLE)
                .doOnNext(ours -> {
                    if (ours) {
                        single.uncacheable(key);
                    }
                })
                .then();
    }

    private Mono<StoreResult> store(
            CacheKey key, CacheEntry entry, ModelReply reply, @Nullable String token, Duration fresh) {
        if (token != null && LocalFlights.isLocal(token)) {
            return local.release(key, token, Flights.Ending.ABANDONED).map(ours -> {
                if (ours) {
                    single.landed(key, entry);
                }
                return StoreResult.refused(key, Reason.UNAVAILABLE);
            });
        }
        return store.put(key, entry, reply.response(), token, fresh)
                .timeout(FallbackFlights.PATIENCE, FallbackFlights.late())
                .doOnError(FallbackFlights::tell)
                .onErrorReturn(Reason.UNAVAILABLE)
                .map(reason -> StoreResult.refused(key, reason))
                .defaultIfEmpty(new StoreResult(key, null, fresh))
                .doOnNext(stored -> {
                    if (stored.reason() == null) {
                        single.landed(key, entry);
                    }
                });
    }

    private Duration fresh(Category category, ModelReply reply) {
        Duration ttl = Objects.requireNonNullElse(reply.ttl(), settings.ttl(category));
        double factor = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
        return ttl.isZero() ? ttl : Duration.ofMillis(Math.max(1, Math.round(ttl.toMillis() * factor)));
    }

    /**
     * A response that is shown while it arrives, to callers that wait for {@link LookupOptions#live this form} on any node.
     *
     * @param token of the flight; {@link #conceal} must be called with it in the end
     */
    public LiveAnswer show(String token, String form) {
        return live.begin(token, form);
    }

    /** A response that only its own caller follows. */
    public LiveAnswer alone() {
        return live.alone();
    }

    /** Cuts off a response that has not ended, and lets no other caller join it. */
    public void conceal(String token, String form) {
        live.forget(token, form);
    }

    /**
     * Renews the lease of a response that takes longer to compute than expected.
     *
     * @return whether the token had the flight, and whether a caller on another node waits for the response. Never fails
     */
    public Mono<LeaseRenewal> renew(CacheKey key, ComputeLease lead) {
        return flights.renew(key, lead.token(), Duration.ofMillis(lead.millis()));
    }

    /**
     * Abandons the computation: the next caller that asks, or waits, computes.
     *
     * @return whether the token had the flight
     */
    public Mono<Boolean> abandon(CacheKey key, String token) {
        return flights.release(key, token, Flights.Ending.ABANDONED);
    }

    /**
     * Reports a failure to all waiting callers, on this node immediately, on others within 200 ms. They do not wait for each other's
     * further tries, which would fail one after the other.
     *
     * @param failure for callers with the same {@link LookupOptions#account}; null: waiting callers receive a miss, and all try at the same
     *     time
     * @return whether the token had the flight. Never fails
     */
    public Mono<Boolean> fail(CacheKey key, String token, @Nullable ComputeFailure failure) {
        return Mono.defer(() -> {
            single.failed(key, failure);
            return flights.release(key, token, new Flights.Ending.Failed(failure));
        });
    }

    /** Whether a caller on this node waits for the flight of a key. */
    public boolean isAwaited(CacheKey key) {
        return single.isAwaited(key);
    }

    /** The result that a look-up would have, with reasons; not counted, and takes no flight. */
    public Mono<Explanation> explain(Question question) {
        return Mono.defer(() -> {
            CacheKey key = key(question);
            Mono<List<Reason>> fired = Mono.fromSupplier(() -> policy.fired(question));
            return (policy.isLong(question) ? fired.subscribeOn(Schedulers.parallel()) : fired)
                    .flatMap(rules -> explain(question, key, rules));
        });
    }

    private Mono<Explanation> explain(Question question, CacheKey key, List<Reason> rules) {
        return Mono.defer(() -> {
            Explanation without = new Explanation(key, CacheKey.textOf(question, seedTenant), rules, null, null);
            Mono<Optional<Found>> semantic = paraphrases == null
                    ? Mono.just(Optional.empty())
                    : paraphrases.explain(question, key).singleOptional();
            return store.explain(key)
                    .timeout(FallbackFlights.PATIENCE, FallbackFlights.late())
                    .zipWith(semantic)
                    .map(both -> new Explanation(
                            key,
                            without.text(),
                            without.rules(),
                            both.getT1(),
                            both.getT2().orElse(null)))
                    .doOnError(FallbackFlights::tell)
                    .onErrorReturn(without);
        });
    }

    /**
     * From its completion on no node serves entries in any of these scopes. The age of entries in the original Python format is unknown, so
     * each is dropped at its next look-up, even a newer one.
     *
     * @return completes when the invalidation holds; fails with {@code unavailable} while Redis is unavailable
     */
    public Mono<Void> invalidate(String tenant, List<InvalidationScope> scopes) {
        return store.invalidate(tenant, scopes).then();
    }

    /** Whether some of a tenant's entries are in the original Python format: their number and scope are unknown. */
    public boolean sharesWithSeed(String tenant) {
        return tenant.equals(seedTenant);
    }

    /**
     * The number of entries in a scope, without those in the original Python format; fails with {@code unavailable} while Redis is
     * unavailable.
     */
    public Mono<Long> count(String tenant, InvalidationScope scope) {
        return store.count(tenant, scope);
    }

    /** The counters of a tenant on all nodes, the latest hour first, without empty hours; fails with {@code unavailable}. */
    public Mono<List<HourlyFigures>> stats(String tenant, int hours) {
        return tally.read(tenant, hours);
    }

    /** Number of look-ups answered from the cache. */
    public long hits() {
        return tally.hits();
    }

    public long misses() {
        return tally.misses();
    }

    public long stored() {
        return tally.stored();
    }

    /** Number of responses that may not be kept. */
    public long refused() {
        return tally.refused();
    }

    /** Number of responses not stored because Redis was unavailable. */
    public long dropped() {
        return tally.dropped();
    }

    /** Number of callers that wait now for another caller's computation. */
    public int waiting() {
        return single.waiting();
    }
}
