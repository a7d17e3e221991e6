package dev.parley.llmcache;

import static dev.parley.llmcache.CacheTesting.asked;
import static dev.parley.llmcache.CacheTesting.completion;
import static dev.parley.llmcache.CacheTesting.get;
import static dev.parley.llmcache.CacheTesting.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.config.TestSettings;
import dev.parley.event.Ids;
import dev.parley.llmcache.semantic.Found;
import dev.parley.llmcache.semantic.Semantic;
import dev.parley.llmcache.semantic.SemanticSettings;
import dev.parley.llmcache.semantic.embedding.Embedder;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import reactor.core.publisher.Mono;

/** Other words for the same, where the embedder finds all words alike. Each test has a tenant of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SemanticLookupIT {

    private static final Duration SECONDS = Duration.ofSeconds(10);
    private static final LookupOptions LEAD = new LookupOptions(Duration.ZERO, SECONDS, null);

    private final Redis redis = TestRedis.connect();
    private final Semantic semantic =
            new Semantic(redis, Keys.DEFAULT, new Alike(), TestSettings.of(SemanticSettings.class));
    private final LlmCache cache = new LlmCache(
            redis,
            Keys.DEFAULT,
            TestSettings.of(CacheSettings.class),
            new PatternPersonalData(),
            semantic,
            Set.of(Category.FAQ));
    /** A node that knows nothing of other words. */
    private final LlmCache plain = new LlmCache(redis, Keys.DEFAULT, TestSettings.of(CacheSettings.class));

    private final String run = Ids.random();

    private static final class Alike implements Embedder {
        private final String id = "alike-" + Ids.random();

        @Override
        public String id() {
            return id;
        }

        @Override
        public int dimensions() {
            return 2;
        }

        @Override
        public Mono<float[]> embed(String text) {
            return Mono.just(new float[] {1, 0});
        }
    }

    @AfterAll
    void close() {
        cache.dispose();
        plain.dispose();
        semantic.dispose();
        redis.close().block(SECONDS);
    }

    private Question stored(String topic) {
        return asked(topic + "-" + run, "How do I open the " + topic + "?");
    }

    private Question reworded(String topic) {
        return asked(topic + "-" + run, "How can I open the " + topic + "?");
    }

    private static void put(LlmCache where, Question question, String text, @Nullable Duration ttl) {
        ModelReply reply = new ModelReply(completion(text), 200, false, null, null, 0, null, List.of(), ttl);
        assertThat(get(where.put(question, reply, null)).reason()).isNull();
    }

    @CanIgnoreReturnValue
    private static CacheAnswer.Hit semantic(CacheAnswer answer) {
        assertThat(answer).isInstanceOf(CacheAnswer.Hit.class);
        assertThat(((CacheAnswer.Hit) answer).kind()).isEqualTo(CacheAnswer.Kind.SEMANTIC);
        return (CacheAnswer.Hit) answer;
    }

    @CanIgnoreReturnValue
    private static CacheAnswer.Miss missed(CacheAnswer answer) {
        assertThat(answer).isInstanceOf(CacheAnswer.Miss.class);
        return (CacheAnswer.Miss) answer;
    }

    private Found.Reason outcome(Question question) {
        return Objects.requireNonNull(get(cache.explain(question)).semantic()).reason();
    }

    @Test
    void aHitNamesTheEntryOfTheOtherQuestion() {
        put(cache, stored("box"), "Pull.", null);
        CacheAnswer.Hit hit = semantic(get(cache.lookup(reworded("box"), LookupOptions.NOW)));
        assertThat(text(hit)).isEqualTo("Pull.");
        assertThat(hit.key()).isEqualTo(cache.key(reworded("box")));
        assertThat(hit.entryKey()).isEqualTo(cache.key(stored("box")).hash());
        assertThat(((CacheAnswer.Hit) get(cache.lookup(stored("box"), LookupOptions.NOW))).entryKey())
                .isEqualTo(cache.key(stored("box")).hash());
    }

    @Test
    void whoWantsItYoungerSpoilsItForNobodyElse() {
        put(cache, stored("tin"), "Pull.", null);
        LookupOptions young = new LookupOptions(Duration.ZERO, Duration.ZERO, Duration.ZERO);
        Await.until(
                "it is too old for one", () -> get(cache.lookup(reworded("tin"), young)) instanceof CacheAnswer.Miss);
        semantic(get(cache.lookup(reworded("tin"), LookupOptions.NOW)));
    }

    @Test
    void anEntryPastItsTimeIsLeftToThoseWhoAskItsOwnQuestion() {
        put(cache, stored("lid"), "Pull.", null);
        put(plain, stored("lid"), "Push.", Duration.ofMillis(1));
        Await.until("it is past its time", () -> {
            Explanation.Kept kept =
                    Objects.requireNonNull(get(plain.explain(stored("lid"))).kept());
            return kept.now() > Long.parseLong(kept.lines().get(2));
        });
        CacheAnswer other = get(cache.lookup(reworded("lid"), LEAD));
        assertThat(missed(other).lead()).isNotNull();
        CacheAnswer own = get(plain.lookup(stored("lid"), LEAD));
        assertThat(((CacheAnswer.Hit) own).kind()).isEqualTo(CacheAnswer.Kind.STALE);
        assertThat(own.lead()).as("nobody else is refreshing it").isNotNull();
        put(plain, stored("lid"), "Turn.", null);
        assertThat(text(semantic(get(cache.lookup(reworded("lid"), LookupOptions.NOW)))))
                .isEqualTo("Turn.");
    }

    @Test
    void whatHasEndedOrIsInvalidatedIsForgotten() {
        put(cache, stored("can"), "Pull.", null);
        Question other = reworded("can");
        assertThat(get(plain.report(stored("can"), cache.key(stored("can")).hash()))
                        .dropped())
                .isTrue();
        assertThat(outcome(other)).isEqualTo(Found.Reason.HIT);
        missed(get(cache.lookup(other, LookupOptions.NOW)));
        assertThat(outcome(other)).isEqualTo(Found.Reason.NOTHING);
        put(cache, stored("can"), "Pull.", null);
        get(cache.invalidate(other.tenant(), List.of(new InvalidationScope(InvalidationScope.Kind.ALL, "")))
                .thenReturn(true));
        missed(get(cache.lookup(other, LookupOptions.NOW)));
        assertThat(outcome(other)).isEqualTo(Found.Reason.NOTHING);
    }

    @Test
    void callsOfToolsAreForThoseWhoAllowThemInOtherWords() {
        Question question = stored("door");
        Question allowing = new Question(
                question.tenant(), null, question.request(), question.category(), Set.of(Reason.TOOL_CALLS));
        assertThat(get(cache.put(allowing, ModelReply.of(completion("x", "tool_calls")), null))
                        .reason())
                .isNull();
        CacheAnswer other = get(cache.lookup(reworded("door"), LEAD));
        assertThat(missed(other).lead()).as("it is this one's to compute").isNotNull();
        semantic(get(cache.lookup(
                new Question(
                        question.tenant(),
                        null,
                        reworded("door").request(),
                        question.category(),
                        Set.of(Reason.TOOL_CALLS)),
                LookupOptions.NOW)));
    }

    @Test
    void anExactAnswerThatWasWrongIsNoSemanticError() {
        put(cache, stored("jar"), "Push.", null);
        semantic(get(cache.lookup(reworded("jar"), LookupOptions.NOW)));
        Question question = stored("jar");
        assertThat(get(cache.report(question, cache.key(question).hash()))).isEqualTo(new FeedbackResult(true, null));
        missed(get(cache.lookup(question, LookupOptions.NOW)));
        put(cache, question, "Turn.", null);
        // Of other words one wrong answer counts as the first one.
        FeedbackResult other =
                get(cache.report(reworded("jar"), cache.key(question).hash()));
        assertThat(other.dropped()).isFalse();
        assertThat(Objects.requireNonNull(other.semantic()).counted()).isTrue();
        assertThat(Objects.requireNonNull(other.semantic()).steps()).isZero();
        missed(get(cache.lookup(reworded("jar"), LookupOptions.NOW)));
        assertThat(text(get(cache.lookup(question, LookupOptions.NOW)))).isEqualTo("Turn.");
    }
}
