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
 * Answers of models, a tenant: exactly the same question, exactly the same answer. One tenant never sees another's.
 *
 * <p>Looking up and putting never fail for want of Redis: then a look-up is a miss at once, a put is dropped, and who computes is settled
 * on this node. All Monos are cold, and answer on Redis' event loop, or on a thread of Reactor's parallel scheduler when they waited.
 * Thread-safe.
 */
public final class LlmCache implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(LlmCache.class);

    /** Questions that are embedded in the background at once. */
    private static final int MOST_INDEXING = 1_000;

    private static final Duration INDEXING = Duration.ofSeconds(10);

    /** Entries do not all end at the same moment. */
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
     * @param semantic finds the same question in other words; null: nobody does
     * @param reworded the categories in which its answer will do
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

    /** Begins to write down what is counted, and to hear other nodes over {@code channels}. */
    public void open(PubSub channels) {
        tally.open();
        live.open(channels);
    }

    /** Nobody waits any more, nothing more is written down. */
    @Override
    public void dispose() {
        single.dispose();
        flights.dispose();
        indexing.dispose();
        live.dispose();
        tally.dispose();
    }

    /** Writes down what has been counted; for the end. Never fails. */
    public Mono<Void> flush() {
        return tally.flush();
    }

    /** For whoever computes and does not say how long that may take. */
    public Duration lease() {
        return settings.lease();
    }

    public CacheKey key(Question question) {
        return CacheKey.of(question, seedTenant);
    }

    /** Looks an answer up, and waits for one that is computed if {@code terms} say so. Cancelling it is leaving. */
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

    /** What it has saved is known when it has come to its end, and is kept. */
    private CacheAnswer.Live counted(CacheAnswer.Live live) {
        Mono<byte[]> saved = store.explain(live.key())
                .timeout(FallbackFlights.PATIENCE, FallbackFlights.late())
                .doOnNext(kept -> tally.saved(live.key(), kept.tookMillis(), kept.costMicros()))
                .doOnError(FallbackFlights::tell)
                .onErrorComplete()
                .then(Mono.empty());
        return new CacheAnswer.Live(live.key(), live.events().concatWith(saved));
    }

    /** Reads what is long where it holds up no connection. */
    private static Mono<Optional<Reason>> judged(boolean isLong, Supplier<@Nullable Reason> judge) {
        Mono<Optional<Reason>> verdict = Mono.fromSupplier(() -> Optional.ofNullable(judge.get()));
        return isLong ? verdict.subscribeOn(Schedulers.parallel()) : verdict;
    }

    /** The key is the same whatever is waived: who has not allowed calls of tools gets none that somebody else has allowed. */
    private static CacheAnswer allowed(Question question, CacheAnswer answer) {
        return answer instanceof CacheAnswer.Hit hit && !Policy.allows(question, hit.entry())
                ? new CacheAnswer.Miss(hit.key(), Reason.TOOL_CALLS, hit.lead())
                : answer;
    }

    /** What is there exactly; else what is there in other words; else whoever computes it. */
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

    /** It is past its time, and the first look has made the caller the one who refreshes it. */
    private Mono<CacheAnswer> refreshing(CacheKey key, LookupOptions terms, CacheAnswer leading) {
        return terms.lease().isZero()
                ? Mono.just(leading)
                : single.look(key, new LookupOptions(Duration.ZERO, terms.lease(), terms.oldest()))
                        .map(now -> now instanceof CacheAnswer.Hit hit
                                ? new CacheAnswer.Hit(key, hit.entry(), hit.kind(), hit.ageMillis(), leading.lead())
                                : leading);
    }

    /**
     * An entry's answer was wrong for a question. If it is the question's own it goes, for all; whoever is next computes another one. Another
     * question's is not given to this one again, and counts against its category, once.
     *
     * @param entry the entry's key
     * @return fails with {@code unavailable} while Redis is away
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
     * Stores an answer, if it may be kept, and tells those who wait for it. If it may not they are told that, too, and compute for
     * themselves. Who asks in other words finds it a moment later: nobody waits for an embedder here.
     *
     * @param token of whoever was told to compute it; null: nobody was
     */
    public Mono<StoreResult> put(Question question, ModelReply reply, @Nullable String token) {
        return store(question, reply, token).doOnNext(stored -> {
            if (paraphrases != null && !indexing.begin(index(question, stored))) {
                LOG.debug("Too many questions are embedded: {} is found in its own words only", stored.key());
            }
        });
    }

    /** As {@link #put}, and completes when it is found in other words, too; or in ten seconds. For whoever puts many. */
    public Mono<StoreResult> putAndIndex(Question question, ModelReply reply, @Nullable String token) {
        return store(question, reply, token).delayUntil(stored -> index(question, stored));
    }

    private Mono<StoreResult> store(Question question, ModelReply reply, @Nullable String token) {
        return Mono.defer(() -> {
                    if (token != null && !ComputeLease.isToken(token)) {
                        throw ParleyException.badRequest("token must be one that a look-up has given");
                    }
                    CacheKey key = key(question);
                    if (key.seed() && !reply.tags().isEmpty()) {
                        throw ParleyException.badRequest(
                                "tags can't be kept with an entry of the seed's: give a namespace, or leave them out");
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
                        .doOnError(e -> LOG.debug("{} is found in its own words only", stored.key(), e))
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
     * An answer that is to be shown while it comes, to those of {@link LookupOptions#live this form} who wait for it on any node.
     *
     * @param token of whoever was told to compute it; {@link #conceal} is to be called with it in the end
     */
    public LiveAnswer show(String token, String form) {
        return live.begin(token, form);
    }

    /** An answer that only whoever asked for it follows. */
    public LiveAnswer alone() {
        return live.alone();
    }

    /** Cuts off an answer that has not ended, and lets nobody else join it. */
    public void conceal(String token, String form) {
        live.forget(token, form);
    }

    /**
     * Says that an answer is still computed, which takes longer than was said: its lease begins anew.
     *
     * @return whether the token was good for that, and whether somebody on another node waits for the answer. Never fails
     */
    public Mono<LeaseRenewal> renew(CacheKey key, ComputeLease lead) {
        return flights.renew(key, lead.token(), Duration.ofMillis(lead.millis()));
    }

    /**
     * Gives up to compute an answer: the next one who asks, or waits, does.
     *
     * @return whether the token was good for that
     */
    public Mono<Boolean> abandon(CacheKey key, String token) {
        return flights.release(key, token, Flights.Ending.ABANDONED);
    }

    /**
     * Says that no answer comes, to all who wait for it: on this node at once, on others within 200 ms. Nobody of them waits for another
     * one that tries: that would fail after them, one after the other.
     *
     * @param failure for those of the same {@link LookupOptions#account}; null: whoever waited is told of a miss, and tries at the same time as all
     * @return whether the token was good for that. Never fails
     */
    public Mono<Boolean> fail(CacheKey key, String token, @Nullable ComputeFailure failure) {
        return Mono.defer(() -> {
            single.failed(key, failure);
            return flights.release(key, token, new Flights.Ending.Failed(failure));
        });
    }

    /** Whether somebody waits on this node for what is computed under a key. */
    public boolean isAwaited(CacheKey key) {
        return single.isAwaited(key);
    }

    /** What would come of a look-up and why; it counts as none, and takes no flight. */
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
     * From now on no node serves what is under any of these. Of the seed's entries nothing tells how old they are: each goes at its next
     * look-up, also where it is younger.
     *
     * @return completes when it is so; fails with {@code unavailable} while Redis is away
     */
    public Mono<Void> invalidate(String tenant, List<InvalidationScope> scopes) {
        return store.invalidate(tenant, scopes).then();
    }

    /** Whether some of a tenant's entries are the seed's: nobody can tell how many, and of what. */
    public boolean sharesWithSeed(String tenant) {
        return tenant.equals(seedTenant);
    }

    /** How many entries that would be, without the seed's; fails with {@code unavailable} while Redis is away. */
    public Mono<Long> count(String tenant, InvalidationScope scope) {
        return store.count(tenant, scope);
    }

    /** What all nodes have counted for a tenant, the latest hour first, those without anything left out; fails with {@code unavailable}. */
    public Mono<List<HourlyFigures>> stats(String tenant, int hours) {
        return tally.read(tenant, hours);
    }

    /** Look-ups that were answered. */
    public long hits() {
        return tally.hits();
    }

    public long misses() {
        return tally.misses();
    }

    public long stored() {
        return tally.stored();
    }

    /** Answers that may not be kept. */
    public long refused() {
        return tally.refused();
    }

    /** Answers that were not kept since Redis was away. */
    public long dropped() {
        return tally.dropped();
    }

    /** Callers that wait now for what somebody else computes. */
    public int waiting() {
        return single.waiting();
    }
}
