package dev.parley.llmcache;

import static dev.parley.llmcache.CacheTesting.asked;
import static dev.parley.llmcache.CacheTesting.completion;
import static dev.parley.llmcache.CacheTesting.get;
import static dev.parley.llmcache.CacheTesting.object;
import static dev.parley.llmcache.CacheTesting.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.llmcache.live.LiveAnswer;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.SetArgs;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What the cache does, on whatever topology of Redis. Each test has a tenant of its own; two caches are two nodes. */
interface CacheContract {

    Duration SECONDS = Duration.ofSeconds(10);
    LookupOptions LEAD = new LookupOptions(Duration.ZERO, SECONDS, null);
    LookupOptions WAIT = new LookupOptions(SECONDS, SECONDS, null);

    /** A token of a prompt costs 0.0025, one of an answer 0.01. */
    String PRICES = "m-2=2500/10000";

    Redis redis();

    RedisClusterCommands<String, String> commands();

    private static CacheSettings settings(@Nullable String seedTenant, Duration stale, int maxEntries) {
        List<String> changes = new ArrayList<>(
                List.of("stale", stale.toMillis() + "ms", "max-entries", String.valueOf(maxEntries), "prices", PRICES));
        if (seedTenant != null) {
            changes.addAll(List.of("seed-tenant", seedTenant));
        }
        return TestSettings.of(CacheSettings.class, changes.toArray(String[]::new));
    }

    private LlmCache cache() {
        return new LlmCache(redis(), Keys.DEFAULT, settings(null, SECONDS, 100_000));
    }

    @CanIgnoreReturnValue
    private static CacheAnswer.Miss missed(CacheAnswer answer) {
        assertThat(answer).isInstanceOf(CacheAnswer.Miss.class);
        return (CacheAnswer.Miss) answer;
    }

    @CanIgnoreReturnValue
    private static CacheAnswer.Hit hit(CacheAnswer answer) {
        assertThat(answer).isInstanceOf(CacheAnswer.Hit.class);
        return (CacheAnswer.Hit) answer;
    }

    private static String token(CacheAnswer answer) {
        return Objects.requireNonNull(answer.lead()).token();
    }

    @CanIgnoreReturnValue
    private static StoreResult stored(Mono<StoreResult> put) {
        StoreResult stored = get(put);
        assertThat(stored.reason()).isNull();
        return stored;
    }

    private static ModelReply tagged(String text, @Nullable Duration ttl, String... tags) {
        return new ModelReply(
                completion(text), 200, false, null, null, 2_500, Duration.ofMillis(1_200), List.of(tags), ttl);
    }

    @Test
    default void whatIsPutIsFoundOnAnyNode() {
        Question question = asked(Ids.random(), "hours?");
        assertThat(missed(get(cache().lookup(question, LookupOptions.NOW))).reason())
                .isEqualTo(Reason.ABSENT);
        StoreResult stored = stored(cache().put(question, tagged("nine to five", null, "shop"), null));
        assertThat(stored.fresh()).isBetween(Duration.ofMinutes(24 * 54), Duration.ofMinutes(24 * 66));
        CacheAnswer.Hit hit = hit(get(cache().lookup(question, LookupOptions.NOW)));
        assertThat(text(hit)).isEqualTo("nine to five");
        assertThat(hit.kind()).isEqualTo(CacheAnswer.Kind.EXACT);
        assertThat(hit.ageMillis()).isBetween(0L, 10_000L);
        assertThat(hit.entry().tags()).containsExactly("shop");
        assertThat(hit.entry().costMicros()).isEqualTo(2_500);
        assertThat(hit.lead()).isNull();
        String key = Keys.DEFAULT.cached(question.tenant()) + stored.key().hash();
        assertThat(commands().pttl(key))
                .isBetween(1L, stored.fresh().plus(SECONDS).toMillis());
        assertThat(commands().pttl(Keys.DEFAULT.cacheIndex(question.tenant()))).isPositive();
    }

    @Test
    default void anAnswerIsFreshForAsLongAsItsCategorySays() {
        Map<Category, Duration> all = Map.of(
                Category.DEFAULT, Duration.ofHours(1),
                Category.FAQ, Duration.ofHours(24),
                Category.CLASSIFICATION, Duration.ofHours(24),
                Category.EXTRACTION, Duration.ofHours(1),
                Category.EMBEDDING, Duration.ofDays(7),
                Category.LIVE, Duration.ofMinutes(5));
        String tenant = Ids.random();
        LlmCache node = cache();
        all.forEach((category, ttl) -> {
            Question question =
                    new Question(tenant, null, asked(tenant, "q " + category).request(), category, Set.of());
            StoreResult stored = stored(node.put(question, ModelReply.of(completion("x")), null));
            assertThat(stored.fresh())
                    .isBetween(
                            ttl.multipliedBy(9).dividedBy(10),
                            ttl.multipliedBy(11).dividedBy(10));
            assertThat(commands()
                            .pttl(Keys.DEFAULT.cached(tenant) + stored.key().hash()))
                    .isBetween(
                            stored.fresh().toMillis(),
                            stored.fresh().plus(SECONDS).toMillis());
        });
        Question none = new Question(tenant, null, asked(tenant, "q").request(), Category.NONE, Set.of());
        assertThat(get(node.put(none, ModelReply.of(completion("x")), null)).reason())
                .isEqualTo(Reason.CATEGORY);
    }

    @Test
    default void whatIsPutTogetherDoesNotEndTogether() {
        String tenant = Ids.random();
        LlmCache node = cache();
        Duration ttl = Duration.ofHours(10);
        List<Duration> fresh = IntStream.range(0, 100)
                .mapToObj(i -> stored(node.put(asked(tenant, "q" + i), tagged("x", ttl), null))
                        .fresh())
                .toList();
        assertThat(fresh).allSatisfy(one -> assertThat(one).isBetween(Duration.ofHours(9), Duration.ofHours(11)));
        // All hundred within a tenth of that would be chance as good as never.
        assertThat(fresh).anySatisfy(one -> assertThat(one).isLessThan(ttl.minusMinutes(20)));
        assertThat(fresh).anySatisfy(one -> assertThat(one).isGreaterThan(ttl.plusMinutes(20)));
    }

    @Test
    default void twoTenantsNeverSeeEachOthers() {
        Question one = asked(Ids.random(), "hours?");
        Question other = asked(Ids.random(), "hours?");
        stored(cache().put(one, ModelReply.of(completion("that of one")), null));
        assertThat(missed(get(cache().lookup(other, LookupOptions.NOW))).reason())
                .isEqualTo(Reason.ABSENT);
        stored(cache().put(other, ModelReply.of(completion("that of the other")), null));
        assertThat(text(get(cache().lookup(one, LookupOptions.NOW)))).isEqualTo("that of one");
        assertThat(text(get(cache().lookup(other, LookupOptions.NOW)))).isEqualTo("that of the other");
        get(cache().invalidate(one.tenant(), List.of(new InvalidationScope(InvalidationScope.Kind.ALL, "")))
                .thenReturn(true));
        assertThat(text(get(cache().lookup(other, LookupOptions.NOW)))).isEqualTo("that of the other");
        missed(get(cache().lookup(one, LookupOptions.NOW)));
    }

    @Test
    default void namespacesAreKeptApart() {
        Question plain = asked(Ids.random(), "hours?");
        stored(cache().put(plain, ModelReply.of(completion("x")), null));
        missed(get(cache().lookup(CacheTesting.in("n", plain), LookupOptions.NOW)));
    }

    @Test
    default void aLongEntryIsPackedAndComesBackAsItWas() {
        Question question = asked(Ids.random(), "tell me more");
        String text = "Lörem 漢字 😀 ipsum. ".repeat(10_000);
        StoreResult stored = stored(cache().put(question, ModelReply.of(completion(text)), null));
        assertThat(text(get(cache().lookup(question, LookupOptions.NOW)))).isEqualTo(text);
        String key = Keys.DEFAULT.cached(question.tenant()) + stored.key().hash();
        assertThat(commands().hstrlen(key, "v")).isLessThan(20_000L);
    }

    @Test
    default void numbersComeBackAsTheyWere() {
        Question question = asked(Ids.random(), "numbers");
        JsonNode response = object("{'a':1.0,'b':1.50,'c':123456789012345678901234567890,'d':[],'e':{},'f':1E+2}");
        stored(cache().put(question, ModelReply.of(response), null));
        String json = new String(
                hit(get(cache().lookup(question, LookupOptions.NOW))).entry().json(),
                java.nio.charset.StandardCharsets.UTF_8);
        assertThat(json).contains("\"a\":1.0,\"b\":1.50,\"c\":123456789012345678901234567890,\"d\":[],\"e\":{}");
    }

    @Test
    default void whatIsTooLargeOrForNoTimeIsNotKept() {
        Question question = asked(Ids.random(), "x");
        assertThat(get(cache().put(question, ModelReply.of(completion("x".repeat(1 << 20))), null))
                        .reason())
                .isEqualTo(Reason.TOO_LARGE);
        assertThat(get(cache().put(question, tagged("x", Duration.ZERO), null)).reason())
                .isEqualTo(Reason.TTL);
        missed(get(cache().lookup(question, LookupOptions.NOW)));
    }

    @Test
    default void aRefusalTellsWhyAndTouchesNothing() {
        Question question = asked(Ids.random(), "I am a@b.example");
        assertThat(missed(get(cache().lookup(question, LEAD)))).satisfies(miss -> {
            assertThat(miss.reason()).isEqualTo(Reason.PII);
            assertThat(miss.lead()).isNull();
        });
        assertThat(get(cache().put(question, ModelReply.of(completion("x")), null))
                        .reason())
                .isEqualTo(Reason.PII);
    }

    private static Question allowing(Question question) {
        return new Question(
                question.tenant(),
                question.namespace(),
                question.request(),
                question.category(),
                Set.of(Reason.TOOL_CALLS));
    }

    @Test
    default void callsOfToolsAreForThoseWhoAllowThem() {
        Question question = asked(Ids.random(), "x");
        Question allowing = allowing(question);
        ModelReply said = new ModelReply(
                object("{'text':'y'}"), 200, false, "tool_use", null, 0, null, List.of(), Duration.ofHours(1));
        for (ModelReply calls : List.of(ModelReply.of(completion("y".repeat(5_000), "tool_calls")), said)) {
            stored(cache().put(allowing, calls, null));
            hit(get(cache().lookup(allowing, LookupOptions.NOW)));
            assertThat(missed(get(cache().lookup(question, LEAD))).reason()).isEqualTo(Reason.TOOL_CALLS);
        }
        stored(cache().put(question, ModelReply.of(completion("z".repeat(5_000))), null));
        assertThat(text(get(cache().lookup(question, LookupOptions.NOW)))).startsWith("zz");
        hit(get(cache().lookup(allowing, LookupOptions.NOW)));
    }

    @Test
    default void whoWaitsForAnAnswerIsNotGivenCallsOfToolsEither() {
        Question question = asked(Ids.random(), "x");
        LlmCache node = cache();
        CacheAnswer first = get(node.lookup(allowing(question), LEAD));
        List<Mono<CacheAnswer>> waiting = List.of(
                node.lookup(question, WAIT).cache(),
                cache().lookup(question, WAIT).cache());
        Disposable asking = Mono.when(waiting).subscribe();
        Await.until("one waits", () -> node.waiting() == 1);
        stored(node.put(allowing(question), ModelReply.of(completion("y", "tool_calls")), token(first)));
        assertThat(waiting)
                .allSatisfy(one -> assertThat(missed(get(one)).reason()).isEqualTo(Reason.TOOL_CALLS));
        asking.dispose();
        assertThat(get(node.stats(question.tenant(), 2)))
                .first()
                .satisfies(hour -> assertThat(hour.counts()).containsEntry("miss:tool_calls", 1L));
    }

    @Test
    default void callsOfToolsThatTheSeedHasWrittenAreForThoseWhoAllowThem() {
        Question question = asked(Ids.random(), "seed " + Ids.random());
        LlmCache node = cache(question.tenant());
        String key = Keys.DEFAULT.cachedBySeed(node.key(question).hash());
        commands().set(key, completion("y", "tool_calls").toString(), SetArgs.Builder.ex(3600));
        assertThat(missed(get(node.lookup(question, LookupOptions.NOW))).reason())
                .isEqualTo(Reason.TOOL_CALLS);
        hit(get(node.lookup(allowing(question), LookupOptions.NOW)));
        commands().del(key);
    }

    @Test
    default void anAnswerReportedForItsOwnQuestionIsNotServedAgain() {
        Question question = asked(Ids.random(), "x");
        for (LlmCache node : List.of(cache(), cache(question.tenant()))) {
            String key = node.key(question).hash();
            assertThat(get(node.report(question, key))).isEqualTo(new FeedbackResult(false, null));
            stored(node.put(question, ModelReply.of(completion("wrong")), null));
            assertThat(get(node.report(question, "0".repeat(64)))).isEqualTo(new FeedbackResult(false, null));
            hit(get(node.lookup(question, LookupOptions.NOW)));
            assertThat(get(node.report(question, key))).isEqualTo(new FeedbackResult(true, null));
            assertThat(missed(get(node.lookup(question, LookupOptions.NOW))).reason())
                    .isEqualTo(Reason.ABSENT);
            stored(node.put(question, ModelReply.of(completion("right")), null));
            assertThat(text(get(node.lookup(question, LookupOptions.NOW)))).isEqualTo("right");
            get(node.report(question, key));
        }
    }

    @Test
    default void aDamagedEntryIsAMiss() {
        Question question = asked(Ids.random(), "x");
        StoreResult stored = stored(cache().put(question, ModelReply.of(completion("y".repeat(5_000))), null));
        commands().hset(Keys.DEFAULT.cached(question.tenant()) + stored.key().hash(), "v", "rubbish");
        assertThat(missed(get(cache().lookup(question, LookupOptions.NOW))).reason())
                .isEqualTo(Reason.DAMAGED);
    }

    @Test
    default void oneIsToldToComputeAndTheOthersAreNot() {
        Question question = asked(Ids.random(), "x");
        CacheAnswer first = get(cache().lookup(question, LEAD));
        assertThat(token(first)).isNotEmpty();
        CacheAnswer second = get(cache().lookup(question, LEAD));
        assertThat(missed(second).reason()).isEqualTo(Reason.IN_FLIGHT);
        assertThat(second.lead()).isNull();
        stored(cache().put(question, ModelReply.of(completion("y")), token(first)));
        assertThat(text(get(cache().lookup(question, LEAD)))).isEqualTo("y");
    }

    @Test
    default void ofAThousandOnTwoNodesOneComputes() {
        Question question = asked(Ids.random(), "x");
        List<LlmCache> nodes = List.of(cache(), cache());
        AtomicInteger computed = new AtomicInteger();
        Map<CacheAnswer.Kind, Integer> kinds = new HashMap<>();
        List<CacheAnswer> answers = Flux.range(0, 1_000)
                .flatMap(
                        i -> nodes.get(i % 2)
                                .lookup(question, WAIT)
                                .subscribeOn(Schedulers.parallel())
                                .flatMap(answer -> {
                                    if (answer.lead() == null) {
                                        return Mono.just(answer);
                                    }
                                    computed.incrementAndGet();
                                    return Mono.delay(Duration.ofMillis(300))
                                            .then(nodes.get(i % 2)
                                                    .put(question, ModelReply.of(completion("once")), token(answer)))
                                            .thenReturn(answer);
                                }),
                        1_000)
                .collectList()
                .block(Patience.ofSeconds(30));
        for (CacheAnswer answer : Objects.requireNonNull(answers)) {
            if (answer instanceof CacheAnswer.Hit hit) {
                assertThat(text(hit)).isEqualTo("once");
                kinds.merge(hit.kind(), 1, Integer::sum);
            }
        }
        assertThat(computed).hasValue(1);
        assertThat(kinds.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(999);
        assertThat(kinds.getOrDefault(CacheAnswer.Kind.JOINED, 0)).isGreaterThan(500);
        // The last ones are counted out once they have their answer.
        nodes.forEach(node -> Await.until("nobody waits", () -> node.waiting() == 0));
    }

    @Test
    default void whenTheLeaderIsGoneOneOfThoseWhoWaitTakesOver() {
        Question question = asked(Ids.random(), "x");
        CacheAnswer dead =
                get(cache().lookup(question, new LookupOptions(Duration.ZERO, Duration.ofMillis(300), null)));
        LlmCache node = cache();
        List<CacheAnswer> answers = Flux.range(0, 20)
                .flatMap(i -> node.lookup(question, WAIT), 20)
                .flatMap(
                        answer -> answer.lead() == null
                                ? Mono.just(answer)
                                : node.put(question, ModelReply.of(completion("second")), token(answer))
                                        .thenReturn(answer),
                        20)
                .collectList()
                .block(SECONDS);
        assertThat(answers).filteredOn(answer -> answer.lead() != null).hasSize(1);
        assertThat(answers)
                .filteredOn(CacheAnswer.Hit.class::isInstance)
                .hasSize(19)
                .allSatisfy(answer -> assertThat(text(answer)).isEqualTo("second"));
        // It comes too late, and harms nothing.
        assertThat(get(cache().put(question, ModelReply.of(completion("first")), token(dead)))
                        .reason())
                .isEqualTo(Reason.SUPERSEDED);
        assertThat(text(get(cache().lookup(question, LookupOptions.NOW)))).isEqualTo("second");
    }

    @Test
    default void whoSaysThatItTakesLongerIsWaitedFor() {
        Question question = asked(Ids.random(), "x");
        LlmCache node = cache();
        LookupOptions brief = new LookupOptions(Duration.ZERO, Duration.ofSeconds(1), null);
        CacheAnswer slow = get(node.lookup(question, brief));
        ComputeLease lead = Objects.requireNonNull(slow.lead());
        long end = System.nanoTime() + Duration.ofMillis(1_500).toNanos();
        while (System.nanoTime() - end < 0) {
            assertThat(get(node.renew(slow.key(), lead)).ours()).isTrue();
            assertThat(missed(get(cache().lookup(question, brief))).lead()).isNull();
        }
        assertThat(get(node.renew(slow.key(), new ComputeLease("0-0-other", 1_000)))
                        .ours())
                .isFalse();
        assertThat(get(node.abandon(slow.key(), lead.token()))).isTrue();
        assertThat(get(node.renew(slow.key(), lead)).ours()).isFalse();
        assertThat(get(cache().lookup(question, brief)).lead()).isNotNull();
    }

    @Test
    default void whoIsLateAndHasNoSuccessorIsStillStored() throws InterruptedException {
        Question question = asked(Ids.random(), "x");
        CacheAnswer slow =
                get(cache().lookup(question, new LookupOptions(Duration.ZERO, Duration.ofMillis(100), null)));
        String flight = Keys.DEFAULT.cacheFlight(
                Keys.DEFAULT.cached(question.tenant()) + slow.key().hash());
        Await.until("its lease is over", () -> commands().exists(flight) == 0);
        stored(cache().put(question, ModelReply.of(completion("late")), token(slow)));
    }

    @Test
    default void whatIsGivenUpIsComputedByTheNextOne() {
        Question question = asked(Ids.random(), "x");
        LlmCache node = cache();
        CacheAnswer first = get(node.lookup(question, LEAD));
        Mono<CacheAnswer> waiting = cache().lookup(question, WAIT).cache();
        Disposable asking = waiting.subscribe();
        assertThat(get(node.abandon(first.key(), "0-0-other"))).isFalse();
        assertThat(get(node.abandon(first.key(), token(first)))).isTrue();
        assertThat(get(waiting).lead()).isNotNull();
        asking.dispose();
    }

    @Test
    default void anAnswerThatMayNotBeKeptLetsEverybodyComputeAtOnce() {
        Question question = asked(Ids.random(), "x");
        LlmCache node = cache();
        CacheAnswer first = get(node.lookup(question, LEAD));
        List<Mono<CacheAnswer>> waiting = List.of(
                node.lookup(question, WAIT).cache(),
                cache().lookup(question, WAIT).cache());
        Disposable asking = Mono.when(waiting).subscribe();
        assertThat(get(node.put(question, ModelReply.of(completion("x", "length")), token(first)))
                        .reason())
                .isEqualTo(Reason.TRUNCATED);
        assertThat(waiting)
                .allSatisfy(one -> assertThat(missed(get(one)).reason()).isEqualTo(Reason.UNCACHEABLE));
        asking.dispose();
    }

    @Test
    default void patienceEnds() {
        Question question = asked(Ids.random(), "x");
        LlmCache node = cache();
        get(node.lookup(question, LEAD));
        LookupOptions brief = new LookupOptions(Duration.ofMillis(100), SECONDS, null);
        assertThat(missed(get(node.lookup(question, brief))).reason()).isEqualTo(Reason.IN_FLIGHT);
        Await.until("nobody waits", () -> node.waiting() == 0);
    }

    @Test
    default void pastItsTimeOneRefreshesWhileTheOthersAreServed() throws InterruptedException {
        Question question = asked(Ids.random(), "x");
        LlmCache node = cache();
        stored(node.put(question, tagged("old", Duration.ofMillis(1)), null));
        Thread.sleep(5);
        CacheAnswer first = get(node.lookup(question, LEAD));
        assertThat(hit(first).kind()).isEqualTo(CacheAnswer.Kind.STALE);
        assertThat(first.lead()).isNotNull();
        for (int i = 0; i < 3; i++) {
            CacheAnswer other = get(cache().lookup(question, i == 0 ? WAIT : LookupOptions.NOW));
            assertThat(hit(other).kind()).isEqualTo(CacheAnswer.Kind.STALE);
            assertThat(text(other)).isEqualTo("old");
            assertThat(other.lead()).isNull();
        }
        stored(node.put(question, tagged("new", null), token(first)));
        assertThat(text(get(cache().lookup(question, LookupOptions.NOW)))).isEqualTo("new");
    }

    @Test
    default void whoDoesNotOfferToComputeRefreshesAllTheSame() throws InterruptedException {
        Question question = asked(Ids.random(), "x");
        stored(cache().put(question, tagged("old", Duration.ofMillis(1)), null));
        Thread.sleep(5);
        assertThat(missed(get(cache().lookup(question, LookupOptions.NOW))).reason())
                .isEqualTo(Reason.STALE);
        assertThat(hit(get(cache().lookup(question, LookupOptions.NOW))).kind()).isEqualTo(CacheAnswer.Kind.STALE);
    }

    @Test
    default void whatIsTooOldForTheCallerIsAMiss() throws InterruptedException {
        Question question = asked(Ids.random(), "x");
        stored(cache().put(question, tagged("old", null), null));
        Thread.sleep(5);
        LookupOptions fresh = new LookupOptions(Duration.ZERO, Duration.ZERO, Duration.ofMillis(1));
        assertThat(missed(get(cache().lookup(question, fresh))).reason()).isEqualTo(Reason.TOO_OLD);
        hit(get(cache().lookup(question, LookupOptions.NOW)));
    }

    @Test
    default void whoWantsAYoungerAnswerWaitsAndTheOthersHaveTheOneThereIs() throws InterruptedException {
        Question question = asked(Ids.random(), "x");
        stored(cache().put(question, tagged("old", null), null));
        Thread.sleep(5);
        Duration young = Duration.ofMillis(1);
        CacheAnswer first = get(cache().lookup(question, new LookupOptions(Duration.ZERO, SECONDS, young)));
        LlmCache node = cache();
        LookupOptions wait = new LookupOptions(SECONDS, SECONDS, young);
        Disposable leaving = node.lookup(question, wait).subscribe();
        Await.until("one waits", () -> node.waiting() == 1);
        Mono<CacheAnswer> any = node.lookup(question, WAIT).cache();
        Mono<CacheAnswer> younger = node.lookup(question, wait).cache();
        Disposable asking = Flux.merge(any, younger).subscribe();
        assertThat(hit(get(any)).kind()).isEqualTo(CacheAnswer.Kind.EXACT);
        leaving.dispose();
        Await.until("one waits", () -> node.waiting() == 1);
        stored(node.put(question, tagged("new", null), token(first)));
        assertThat(text(get(younger))).isEqualTo("new");
        asking.dispose();
    }

    @Test
    default void whatIsInvalidatedIsServedByNobodyAndOthersAre() {
        String tenant = Ids.random();
        Question tagged = asked(tenant, "tagged");
        Question named = CacheTesting.in("shop", asked(tenant, "named"));
        Question other =
                CacheTesting.question(tenant, "{'model':'m-2','messages':[{'role':'user','content':'other'}]}");
        LlmCache node = cache();
        for (InvalidationScope scope : List.of(
                new InvalidationScope(InvalidationScope.Kind.TAG, "a"),
                new InvalidationScope(InvalidationScope.Kind.NAMESPACE, "shop"),
                new InvalidationScope(InvalidationScope.Kind.MODEL, "m-2"),
                new InvalidationScope(InvalidationScope.Kind.ALL, ""))) {
            stored(node.put(tagged, tagged("x", null, "a", "b"), null));
            stored(node.put(named, tagged("x", null), null));
            stored(node.put(other, tagged("x", null, "b"), null));
            boolean all = scope.kind() == InvalidationScope.Kind.ALL;
            assertThat(get(node.count(tenant, scope))).isEqualTo(all ? 3 : 1);
            get(node.invalidate(tenant, List.of(scope)).thenReturn(true));
            assertThat(get(node.count(tenant, scope))).isZero();
            Map<Question, InvalidationScope.Kind> gone = Map.of(
                    tagged,
                    InvalidationScope.Kind.TAG,
                    named,
                    InvalidationScope.Kind.NAMESPACE,
                    other,
                    InvalidationScope.Kind.MODEL);
            gone.forEach((question, kind) -> {
                CacheAnswer answer = get(cache().lookup(question, LookupOptions.NOW));
                if (all || kind == scope.kind()) {
                    assertThat(missed(answer).reason()).isEqualTo(Reason.INVALIDATED);
                } else {
                    hit(answer);
                }
            });
        }
    }

    @Test
    default void whatWasBegunBeforeAnInvalidationIsNotStoredAfterIt() {
        Question question = asked(Ids.random(), "x");
        LlmCache node = cache();
        CacheAnswer first = get(node.lookup(question, LEAD));
        get(node.invalidate(question.tenant(), List.of(new InvalidationScope(InvalidationScope.Kind.TAG, "a")))
                .thenReturn(true));
        assertThat(get(node.put(question, tagged("x", null, "a"), token(first))).reason())
                .isEqualTo(Reason.INVALIDATED);
        assertThat(missed(get(node.lookup(question, LEAD))).lead()).isNotNull();
    }

    @Test
    default void aTokenThatNobodyWasGivenStoresNothing() {
        String tenant = Ids.random();
        Question question = asked(tenant, "forged " + tenant);
        for (LlmCache node : List.of(cache(), cache(tenant))) {
            assertThatThrownBy(() -> get(node.put(question, ModelReply.of(completion("x")), "x")))
                    .isInstanceOfSatisfying(
                            ParleyException.class,
                            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.BAD_REQUEST));
            assertThat(get(node.put(question, ModelReply.of(completion("x")), "9999999999999999-1-x"))
                            .reason())
                    .isEqualTo(Reason.SUPERSEDED);
            missed(get(node.lookup(question, LookupOptions.NOW)));
        }
    }

    @Test
    default void beyondTheBoundThoseGoThatWouldEndFirst() {
        String tenant = Ids.random();
        LlmCache node = new LlmCache(redis(), Keys.DEFAULT, settings(null, SECONDS, 10));
        for (int i = 0; i < 20; i++) {
            stored(node.put(asked(tenant, "q" + i), tagged("x", Duration.ofHours(1 + i)), null));
        }
        assertThat(commands().zcard(Keys.DEFAULT.cacheIndex(tenant))).isEqualTo(10);
        assertThat(missed(get(node.lookup(asked(tenant, "q0"), LookupOptions.NOW)))
                        .reason())
                .isEqualTo(Reason.ABSENT);
        hit(get(node.lookup(asked(tenant, "q19"), LookupOptions.NOW)));
    }

    @Test
    default void whatTheSeedHasWrittenIsFoundAndTheReverse() {
        String tenant = Ids.random();
        LlmCache node = new LlmCache(redis(), Keys.DEFAULT, settings(tenant, SECONDS, 10));
        JsonNode vector = CacheTesting.vectors().get(0);
        Question question = CacheTesting.question(tenant, vector.path("request").asText());
        String key = vector.path("key").asText();
        commands().del(key);
        assertThat(missed(get(node.lookup(question, LookupOptions.NOW))).reason())
                .isEqualTo(Reason.ABSENT);

        // json.dumps of what the seed's agent was answered.
        commands().set(key, "{\"content\": \"9 to 5, \\u00e9t\\u00e9\", \"score\": 1e-05}", SetArgs.Builder.ex(3600));
        CacheAnswer.Hit hit = hit(get(node.lookup(question, LookupOptions.NOW)));
        assertThat(new String(hit.entry().json(), java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo("{\"response\":{\"content\": \"9 to 5, \\u00e9t\\u00e9\", \"score\": 1e-05}}");

        commands().set(key, "{\"content\": NaN", SetArgs.Builder.ex(3600));
        assertThat(missed(get(node.lookup(question, LookupOptions.NOW))).reason())
                .isEqualTo(Reason.DAMAGED);

        commands().del(key);
        CacheAnswer first = get(node.lookup(question, LEAD));
        stored(node.put(question, ModelReply.of(object("{'content':'été'}")), token(first)));
        assertThat(commands().get(key)).isEqualTo("{\"content\":\"été\"}");
        assertThat(commands().ttl(key)).isBetween(24 * 3240L, 24 * 3960L);
        missed(get(node.lookup(CacheTesting.in("n", question), LookupOptions.NOW)));
        commands().del(key);
    }

    @Test
    default void whatTheSeedHasWrittenGoesOnceWhenItsModelOrAllIsInvalidated() {
        String tenant = Ids.random();
        LlmCache node = new LlmCache(redis(), Keys.DEFAULT, settings(tenant, SECONDS, 10));
        Question question = asked(tenant, "seed " + tenant);
        String key = Keys.DEFAULT.cachedBySeed(node.key(question).hash());
        for (InvalidationScope scope : List.of(
                new InvalidationScope(InvalidationScope.Kind.MODEL, "m-1"),
                new InvalidationScope(InvalidationScope.Kind.ALL, ""))) {
            commands().set(key, "{\"a\":1}", SetArgs.Builder.ex(3600));
            hit(get(node.lookup(question, LookupOptions.NOW)));
            get(node.invalidate(
                            tenant,
                            List.of(
                                    new InvalidationScope(InvalidationScope.Kind.MODEL, "m-2"),
                                    new InvalidationScope(InvalidationScope.Kind.NAMESPACE, "n"),
                                    new InvalidationScope(InvalidationScope.Kind.TAG, "t")))
                    .thenReturn(true));
            hit(get(node.lookup(question, LookupOptions.NOW)));

            CacheAnswer begun = get(node.lookup(asked(tenant, "begun " + scope.kind() + tenant), LEAD));
            get(node.invalidate(tenant, List.of(scope)).thenReturn(true));
            assertThat(Objects.requireNonNull(get(node.explain(question)).kept())
                            .invalidated())
                    .isTrue();
            assertThat(missed(get(cache(tenant).lookup(question, LookupOptions.NOW)))
                            .reason())
                    .isEqualTo(Reason.INVALIDATED);
            assertThat(commands().exists(key)).as("for the seed's agents, too").isZero();
            assertThat(get(node.put(
                                    asked(tenant, "begun " + scope.kind() + tenant),
                                    ModelReply.of(completion("x")),
                                    token(begun)))
                            .reason())
                    .isEqualTo(Reason.INVALIDATED);

            commands().set(key, "{\"a\":2}", SetArgs.Builder.ex(3600));
            hit(get(node.lookup(question, LookupOptions.NOW)));
            stored(node.put(question, ModelReply.of(completion("own")), null));
            assertThat(text(get(cache(tenant).lookup(question, LookupOptions.NOW))))
                    .isEqualTo("own");
            assertThat(commands().pttl(Keys.DEFAULT.cacheSeedEpoch(key))).isPositive();
        }
        commands().del(key);
    }

    private LlmCache cache(String seedTenant) {
        return new LlmCache(redis(), Keys.DEFAULT, settings(seedTenant, SECONDS, 10));
    }

    @Test
    default void whatHappensIsCounted() {
        Question question = asked(Ids.random(), "x");
        String tenant = question.tenant();
        LlmCache node = new LlmCache(redis(), Keys.DEFAULT, settings(tenant, SECONDS, 10));
        Question own = CacheTesting.in("n", question);
        Map<String, String> before = commands().hgetall(Keys.DEFAULT.cacheStatsOfSeed());
        get(node.lookup(own, LookupOptions.NOW));
        stored(node.put(own, tagged("y", null), null));
        get(node.lookup(own, LookupOptions.NOW));
        get(node.lookup(own, LookupOptions.NOW));
        get(node.lookup(asked(tenant, "I am a@b.example"), LookupOptions.NOW));
        get(node.put(own, ModelReply.of(completion("x", "length")), null));
        assertThat(counted(node, tenant))
                .isEqualTo(Map.of(
                        "hit:exact", 2L,
                        "miss:absent", 1L,
                        "miss:pii", 1L,
                        "stored", 1L,
                        "refused:truncated", 1L,
                        "saved_ms", 2_400L,
                        "saved_micros", 5_000L));
        Map<String, String> after = commands().hgetall(Keys.DEFAULT.cacheStatsOfSeed());
        assertThat(after)
                .extractingByKey("hits", InstanceOfAssertFactories.STRING)
                .isEqualTo(more(before, "hits", 2));
        assertThat(after)
                .extractingByKey("misses", InstanceOfAssertFactories.STRING)
                .isEqualTo(more(before, "misses", 2));
        assertThat(get(cache().stats(Ids.random(), 2))).isEmpty();
    }

    private static Question ofModel2(String tenant, String text) {
        return CacheTesting.question(tenant, "{'model':'m-2','messages':[{'role':'user','content':'" + text + "'}]}");
    }

    private Map<String, Long> counted(LlmCache node, String tenant) {
        Map<String, Long> counts = new HashMap<>();
        get(node.stats(tenant, 2))
                .forEach(hour -> hour.counts().forEach((name, count) -> counts.merge(name, count, Long::sum)));
        return counts;
    }

    @Test
    default void whatNobodySaysTheCostOfCostsWhatItsUsageDoes() {
        String tenant = Ids.random();
        LlmCache node = cache();
        ModelReply said = new ModelReply(
                object("{'text':'y'}"),
                200,
                false,
                "stop",
                object("{'input_tokens':1000,'output_tokens':-5}"),
                0,
                null,
                List.of(),
                null);
        stored(node.put(ofModel2(tenant, "a"), ModelReply.of(completion("y")), null));
        stored(node.put(ofModel2(tenant, "b"), tagged("y", null), null));
        stored(node.put(ofModel2(tenant, "c"), said, null));
        stored(node.put(asked(tenant, "d"), ModelReply.of(completion("y")), null));
        Map<String, Long> costs = Map.of("a", 47_500L, "b", 2_500L, "c", 2_500_000L);
        costs.forEach((text, micros) -> assertThat(hit(get(node.lookup(ofModel2(tenant, text), LookupOptions.NOW)))
                        .entry()
                        .costMicros())
                .as(text)
                .isEqualTo(micros));
        assertThat(hit(get(node.lookup(asked(tenant, "d"), LookupOptions.NOW)))
                        .entry()
                        .costMicros())
                .isZero();
        assertThat(counted(node, tenant)).containsEntry("saved_micros", 2_550_000L);
    }

    @Test
    default void whoFollowsAnAnswerToItsEndHasSavedWhatItCost() {
        Question question = asked(Ids.random(), "x");
        LlmCache node = cache();
        LookupOptions stream = new LookupOptions(SECONDS, SECONDS, null, 0, "plain");
        CacheAnswer first = get(node.lookup(question, stream));
        LiveAnswer live = node.show(token(first), "plain");
        live.add(new byte[] {1});
        live.show();
        CacheAnswer followed = get(node.lookup(question, stream));
        assertThat(followed).isInstanceOf(CacheAnswer.Live.class);
        assertThat(counted(node, question.tenant())).doesNotContainKey("saved_micros");
        stored(node.put(question, tagged("y", null), token(first)));
        live.end();
        assertThat(((CacheAnswer.Live) followed).events().collectList().block(SECONDS))
                .hasSize(1);
        assertThat(counted(node, question.tenant()))
                .containsEntry("hit:joined", 1L)
                .containsEntry("saved_ms", 1_200L)
                .containsEntry("saved_micros", 2_500L);
        node.conceal(token(first), "plain");
    }

    private static String more(Map<String, String> before, String name, int more) {
        return Long.toString(Long.parseLong(before.getOrDefault(name, "0")) + more);
    }
}
