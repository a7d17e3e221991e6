package dev.parley.llmcache;

import dev.parley.frame.Refusal;
import dev.parley.llmcache.live.LiveAnswer;
import dev.parley.llmcache.live.LiveAnswers;
import dev.parley.llmcache.semantic.Found;
import dev.parley.llmcache.semantic.Reported;
import dev.parley.llmcache.semantic.Semantic;
import dev.parley.redis.Keys;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.support.Background;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

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
    private final Policy policy;
    private final LiveAnswers live;
    private final EntryStore store;
    private final LocalFlights local = new LocalFlights(System::nanoTime);
    private final FallbackFlights flights;
    private final SingleFlight single;
    private final @Nullable Paraphrases paraphrases;
    private final Tally tally;
    private final Background indexing = new Background(MOST_INDEXING);

    public LlmCache(Redis redis, Keys keys, CacheSettings settings) {
        this(redis, keys, settings, new WrittenData(), null, Set.of());
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
        this.policy = new Policy(settings.maxTemperature(), personal);
        this.live = new LiveAnswers(redis, keys);
        this.store = new EntryStore(redis, keys, settings, live::unique);
        this.flights = new FallbackFlights(store, local);
        this.single = new SingleFlight(flights, live, settings.maxWaiting());
        this.paraphrases = semantic == null ? null : new Paraphrases(semantic, store, reworded);
        this.tally = new Tally(redis, keys, settings.seedTenant());
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
        return CacheKey.of(question, settings.seedTenant());
    }

    /** Looks an answer up, and waits for one that is computed if {@code terms} say so. Cancelling it is leaving. */
    public Mono<Answer> lookup(Question question, Terms terms) {
        return Mono.defer(() -> {
                    CacheKey key = key(question);
                    Reason refusal = policy.refusal(question);
                    return refusal == null
                            ? look(question, key, terms)
                            : Mono.<Answer>just(new Answer.Miss(key, refusal, null));
                })
                .map(answer -> answer instanceof Answer.Live live ? counted(live) : allowed(question, answer))
                .doOnNext(tally::looked);
    }

    /** What it has saved is known when it has come to its end, and is kept. */
    private Answer.Live counted(Answer.Live live) {
        Mono<byte[]> saved = store.explain(live.key())
                .timeout(FallbackFlights.PATIENCE, FallbackFlights.late())
                .doOnNext(kept -> tally.saved(live.key(), kept.tookMillis(), kept.costMicros()))
                .doOnError(FallbackFlights::tell)
                .onErrorComplete()
                .then(Mono.empty());
        return new Answer.Live(live.key(), live.events().concatWith(saved));
    }

    /** The key is the same whatever is waived: who has not allowed calls of tools gets none that somebody else has allowed. */
    private static Answer allowed(Question question, Answer answer) {
        return answer instanceof Answer.Hit hit && !Policy.allows(question, hit.entry())
                ? new Answer.Miss(hit.key(), Reason.TOOL_CALLS, hit.lead())
                : answer;
    }

    /** What is there exactly; else what is there in other words; else whoever computes it. */
    private Mono<Answer> look(Question question, CacheKey key, Terms terms) {
        Paraphrases others = paraphrases;
        if (others == null || terms.nearest() >= 1 || !others.mayAnswer(question, key)) {
            return single.look(key, terms);
        }
        return single.look(key, new Terms(Duration.ZERO, Duration.ZERO, terms.oldest()))
                .flatMap(exact -> {
                    if (exact instanceof Answer.Hit) {
                        return Mono.just(exact);
                    }
                    return exact.lead() == null
                            ? others.look(question, key, terms).switchIfEmpty(single.look(key, terms))
                            : refreshing(key, terms, exact);
                });
    }

    /** It is past its time, and the first look has made the caller the one who refreshes it. */
    private Mono<Answer> refreshing(CacheKey key, Terms terms, Answer leading) {
        return terms.lease().isZero()
                ? Mono.just(leading)
                : single.look(key, new Terms(Duration.ZERO, terms.lease(), terms.oldest()))
                        .map(now -> now instanceof Answer.Hit hit
                                ? new Answer.Hit(key, hit.entry(), hit.kind(), hit.ageMillis(), leading.lead())
                                : leading);
    }

    /**
     * An entry's answer was wrong for a question. If it is the question's own it goes, for all; whoever is next computes another one. Another
     * question's is not given to this one again, and counts against its category, once.
     *
     * @param entry the entry's key
     * @return fails with {@code unavailable} while Redis is away
     */
    public Mono<Complaint> report(Question question, String entry) {
        return Mono.defer(() -> {
            CacheKey key = key(question);
            if (entry.equals(key.hash())) {
                return store.drop(key).map(dropped -> new Complaint(dropped, null));
            }
            Mono<Reported> others = paraphrases == null ? Mono.empty() : paraphrases.report(question, key, entry);
            return others.map(reported -> new Complaint(false, reported)).defaultIfEmpty(new Complaint(false, null));
        });
    }

    /**
     * Stores an answer, if it may be kept, and tells those who wait for it. If it may not they are told that, too, and compute for
     * themselves. Who asks in other words finds it a moment later: nobody waits for an embedder here.
     *
     * @param token of whoever was told to compute it; null: nobody was
     */
    public Mono<Stored> put(Question question, Reply reply, @Nullable String token) {
        return store(question, reply, token).doOnNext(stored -> {
            if (paraphrases != null && !indexing.begin(index(question, stored))) {
                LOG.debug("Too many questions are embedded: {} is found in its own words only", stored.key());
            }
        });
    }

    /** As {@link #put}, and completes when it is found in other words, too; or in ten seconds. For whoever puts many. */
    public Mono<Stored> putAndIndex(Question question, Reply reply, @Nullable String token) {
        return store(question, reply, token).delayUntil(stored -> index(question, stored));
    }

    private Mono<Stored> store(Question question, Reply reply, @Nullable String token) {
        return Mono.defer(() -> {
                    if (token != null && !Lead.isToken(token)) {
                        throw Refusal.badRequest("token must be one that a look-up has given");
                    }
                    CacheKey key = key(question);
                    if (key.seed() && !reply.tags().isEmpty()) {
                        throw Refusal.badRequest(
                                "tags can't be kept with an entry of the seed's: give a namespace, or leave them out");
                    }
                    Reason refusal = policy.refusal(question, reply);
                    Duration fresh = fresh(question.category(), reply);
                    Entry entry =
                            Entry.of(question, reply, token, settings.prices().get(question.model()));
                    if (refusal == null && fresh.isZero()) {
                        refusal = Reason.TTL;
                    } else if (refusal == null && entry.json().length > settings.maxEntry()) {
                        refusal = Reason.TOO_LARGE;
                    }
                    return refusal == null
                            ? store(key, entry, reply, token, fresh)
                            : refuse(key, token).thenReturn(Stored.refused(key, refusal));
                })
                .doOnNext(tally::put);
    }

    private Mono<Void> index(Question question, Stored stored) {
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
        return flights.release(key, token, true)
                .doOnNext(ours -> {
                    if (ours) {
                        single.uncacheable(key);
                    }
                })
                .then();
    }

    private Mono<Stored> store(CacheKey key, Entry entry, Reply reply, @Nullable String token, Duration fresh) {
        if (token != null && LocalFlights.isLocal(token)) {
            return local.release(key, token, false).map(ours -> {
                if (ours) {
                    single.landed(key, entry);
                }
                return Stored.refused(key, Reason.UNAVAILABLE);
            });
        }
        return store.put(key, entry, reply.response(), token, fresh)
                .timeout(FallbackFlights.PATIENCE, FallbackFlights.late())
                .doOnError(FallbackFlights::tell)
                .onErrorReturn(Reason.UNAVAILABLE)
                .map(reason -> Stored.refused(key, reason))
                .defaultIfEmpty(new Stored(key, null, fresh))
                .doOnNext(stored -> {
                    if (stored.reason() == null) {
                        single.landed(key, entry);
                    }
                });
    }

    private Duration fresh(Category category, Reply reply) {
        Duration ttl = Objects.requireNonNullElse(reply.ttl(), settings.ttl(category));
        double factor = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
        return ttl.isZero() ? ttl : Duration.ofMillis(Math.max(1, Math.round(ttl.toMillis() * factor)));
    }

    /**
     * An answer that is to be shown while it comes, to those of {@link Terms#live this form} who wait for it on any node.
     *
     * @param token of whoever was told to compute it; {@link #conceal} is to be called with it in the end
     */
    public LiveAnswer show(String token, String form) {
        return live.begin(token, form);
    }

    /** Cuts off an answer that has not ended, and lets nobody else join it. */
    public void conceal(String token, String form) {
        live.forget(token, form);
    }

    /**
     * Says that an answer is still computed, which takes longer than was said: its lease begins anew.
     *
     * @return whether the token was good for that
     */
    public Mono<Boolean> renew(CacheKey key, Lead lead) {
        return flights.renew(key, lead.token(), Duration.ofMillis(lead.millis()));
    }

    /**
     * Gives up to compute an answer: the next one who asks, or waits, does.
     *
     * @return whether the token was good for that
     */
    public Mono<Boolean> abandon(CacheKey key, String token) {
        return flights.release(key, token, false);
    }

    /**
     * As {@link #abandon}, where nobody on this node can compute it now: all who wait here are told of a miss, and do not try one after the
     * other.
     */
    public Mono<Boolean> dismiss(CacheKey key, String token) {
        return flights.release(key, token, false).doOnNext(ours -> single.dismiss(key));
    }

    /** What would come of a look-up and why; it counts as none, and takes no flight. */
    public Mono<Explanation> explain(Question question) {
        return Mono.defer(() -> {
            CacheKey key = key(question);
            Explanation without = new Explanation(
                    key, CacheKey.textOf(question, settings.seedTenant()), policy.fired(question), null, null);
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
    public Mono<Void> invalidate(String tenant, List<Scope> scopes) {
        return store.invalidate(tenant, scopes).then();
    }

    /** Whether some of a tenant's entries are the seed's: nobody can tell how many, and of what. */
    public boolean sharesWithSeed(String tenant) {
        return tenant.equals(settings.seedTenant());
    }

    /** How many entries that would be, without the seed's; fails with {@code unavailable} while Redis is away. */
    public Mono<Long> count(String tenant, Scope scope) {
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
