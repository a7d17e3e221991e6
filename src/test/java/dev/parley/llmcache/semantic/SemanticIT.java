package dev.parley.llmcache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.llmcache.semantic.Found.Reason;
import dev.parley.llmcache.semantic.embedding.Embedder;
import dev.parley.llmcache.semantic.guard.Verdict;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.redis.TestRedis;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import reactor.core.publisher.Mono;

/** The whole of it, with an embedder that says what it is told to. Each test has a tenant of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SemanticIT {

    private static final Duration TTL = Duration.ofMinutes(5);
    private static final String FAQ = "faq";
    private static final String ASKED = "How can I reset my password?";

    private final Redis redis = TestRedis.connect();
    private Told told = new Told();
    private Semantic semantic = new Semantic(redis, Keys.DEFAULT, told, TestSettings.of(SemanticSettings.class));

    /** Vectors are kept in Redis: each test has an embedder with a name of its own. */
    @BeforeEach
    void anotherEmbedder() {
        semantic.dispose();
        told = new Told();
        semantic = new Semantic(redis, Keys.DEFAULT, told, TestSettings.of(SemanticSettings.class));
    }

    /** Each text's cosine with {@link #ASKED}. */
    private static final class Told implements Embedder {
        private final Map<String, float[]> vectors = new HashMap<>(Map.of(ASKED, IndexContract.at(1)));
        private final AtomicInteger calls = new AtomicInteger();
        private final String id = "told-" + System.nanoTime();

        @Override
        public String id() {
            return id;
        }

        @Override
        public int dimensions() {
            return 3;
        }

        @Override
        public Mono<float[]> embed(String text) {
            calls.incrementAndGet();
            return Mono.justOrEmpty(vectors.get(text))
                    .switchIfEmpty(Mono.error(ParleyException.of(ErrorCode.UNAVAILABLE, "no vector of " + text)));
        }
    }

    @Test
    void aQuestionWithWhatAnEmbedderDoesNotSeeIsNeitherAnsweredNorRemembered() {
        Partition partition = new Partition("hidden-" + System.nanoTime(), "", "m", "c", told.id);
        String tags = "\uDB40\uDC69\uDB40\uDC67";
        assertThat(get(semantic.remember(partition, ASKED + tags, "k1", TTL))).isFalse();
        assertThat(get(semantic.remember(partition, ASKED, "k2", TTL))).isTrue();
        for (String hidden : new String[] {tags, "\u200B", "\uFE01", "\uE000", "\u202E", "\u2060"}) {
            assertThat(get(semantic.find(partition, ASKED + hidden, 0, FAQ)).reason())
                    .isEqualTo(Reason.HIDDEN);
        }
        assertThat(get(semantic.find(partition, ASKED, 0, FAQ)).reason()).isEqualTo(Reason.HIT);
        assertThat(told.calls).hasValue(1);
        assertThat(semantic.outcomes(Reason.HIDDEN)).isEqualTo(6);
    }

    @AfterAll
    void close() {
        semantic.dispose();
        redis.close().block(Patience.ofSeconds(10));
    }

    @CanIgnoreReturnValue
    private static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(20)));
    }

    @CanIgnoreReturnValue
    private Found find(Partition partition, String question) {
        return get(semantic.find(partition, question, 0, FAQ));
    }

    private static Candidate hit(Found found) {
        return Objects.requireNonNull(found.hit(), () -> "no hit: " + found);
    }

    private void remember(Partition partition, String question, double cosine, String key) {
        told.vectors.put(question, IndexContract.at(cosine));
        assertThat(get(semantic.remember(partition, question, key, TTL))).isTrue();
    }

    @Test
    void aQuestionInOtherWordsFindsTheEntry() {
        Partition partition = IndexContract.partition();
        remember(partition, "How do I reset my password?", 0.97, "k1");
        Found found = find(partition, ASKED);
        assertThat(found.reason()).isEqualTo(Reason.HIT);
        assertThat(hit(found).entryKey()).isEqualTo("k1");
        assertThat(found.threshold()).isEqualTo(0.95);
    }

    @Test
    void theBestThatPassesIsTheHitAndNotTheNearest() {
        Partition partition = IndexContract.partition();
        remember(partition, "How can I not reset my password?", 0.999, "negated");
        remember(partition, "How can I reset my 2 passwords?", 0.998, "numbered");
        remember(partition, "how can i reset my password", 0.97, "right");
        remember(partition, "How do I reset my password?", 0.96, "worse");
        Found found = find(partition, ASKED);
        assertThat(hit(found).entryKey()).isEqualTo("right");
        assertThat(found.candidates())
                .extracting(Candidate::entryKey)
                .containsExactly("negated", "numbered", "right", "worse");
        assertThat(found.candidates().get(0).objection()).isEqualTo(new Verdict("negation", false, "none / not reset"));
        assertThat(found.candidates().get(1).objection()).isEqualTo(new Verdict("numbers", false, "none / 2"));
    }

    @Test
    void guardsAloneCanKeepItFromHitting() {
        Partition partition = IndexContract.partition();
        remember(partition, "How can I reset my router?", 0.99, "k");
        assertThat(find(partition, ASKED).reason()).isEqualTo(Reason.GUARDED);
        Found explained = get(semantic.explain(partition, ASKED, 0, FAQ));
        assertThat(explained.candidates().get(0).verdicts()).hasSize(13);
    }

    @Test
    void aCallerMayOnlyTightenTheThreshold() {
        Partition partition = IndexContract.partition();
        assertThat(find(partition, ASKED).reason()).isEqualTo(Reason.NOTHING);
        remember(partition, "How do I reset my password?", 0.96, "near");
        remember(partition, "how to reset my password", 0.94, "far");
        assertThat(hit(get(semantic.find(partition, ASKED, 0.5, FAQ))).entryKey())
                .isEqualTo("near");
        assertThat(get(semantic.find(partition, ASKED, 0.97, FAQ)).reason()).isEqualTo(Reason.FAR);
    }

    @Test
    void aReportedAnswerIsNeverServedAgainForThatQuestion() {
        Partition partition = IndexContract.partition();
        remember(partition, "How do I reset my password?", 0.97, "wrong");
        assertThat(hit(find(partition, ASKED)).entryKey()).isEqualTo("wrong");
        assertThat(get(semantic.feedback(partition, ASKED, "wrong", FAQ)).counted())
                .isTrue();
        assertThat(get(semantic.feedback(partition, "  " + ASKED + " ", "wrong", FAQ))
                        .counted())
                .isFalse();
        assertThat(find(partition, ASKED).reason()).isEqualTo(Reason.REPORTED);
        remember(partition, "how to reset my password", 0.96, "right");
        assertThat(hit(find(partition, ASKED)).entryKey()).isEqualTo("right");
        // Remembered again, it is still wrong for this question, and right for its own.
        remember(partition, "How do I reset my password?", 0.97, "wrong");
        assertThat(hit(find(partition, ASKED)).entryKey()).isEqualTo("right");
        assertThat(hit(find(partition, "How do I reset my password?")).entryKey())
                .isEqualTo("wrong");
    }

    @Test
    void pastItsErrorBoundACategoryTightensOnAllNodes() {
        Partition partition = IndexContract.partition();
        Semantic other = new Semantic(redis, Keys.DEFAULT, told, TestSettings.of(SemanticSettings.class));
        try {
            remember(partition, "How do I reset my password?", 0.97, "k");
            assertThat(find(partition, ASKED).hit()).isNotNull();
            assertThat(get(semantic.feedback(partition, "one", "k", FAQ)).steps())
                    .isZero();
            Reported second = get(semantic.feedback(partition, "two", "k", FAQ));
            assertThat(second).isEqualTo(new Reported(true, 1, 0.975));
            assertThat(get(other.find(partition, ASKED, 0, FAQ)).reason()).isEqualTo(Reason.FAR);
            assertThat(get(other.find(partition, ASKED, 0, "classification")).hit())
                    .isNotNull();
            Partition another = IndexContract.partition();
            remember(another, "How do I reset my password?", 0.97, "k");
            assertThat(get(other.find(another, ASKED, 0, FAQ)).hit()).isNotNull();
        } finally {
            other.dispose();
        }
    }

    @Test
    void whatIsServedCountsAgainstWhatIsWrong() {
        Partition partition = IndexContract.partition();
        remember(partition, "How do I reset my password?", 0.97, "k");
        for (int i = 0; i < 301; i++) {
            assertThat(find(partition, ASKED).hit()).isNotNull();
        }
        // Three of 301 are within one in a hundred, four are not.
        for (int i = 0; i < 3; i++) {
            assertThat(get(semantic.feedback(partition, "q" + i, "k", FAQ)).steps())
                    .isZero();
        }
        assertThat(get(semantic.feedback(partition, "q3", "k", FAQ)).steps()).isEqualTo(1);
        // Counted anew from here on.
        assertThat(get(semantic.feedback(partition, "q4", "k", FAQ)).steps()).isEqualTo(1);
        assertThat(get(semantic.feedback(partition, "q5", "k", FAQ)).steps()).isEqualTo(2);
    }

    private Semantic with(Map<String, Double> thresholds, double errorBound) {
        String each = thresholds.entrySet().stream().map(Object::toString).collect(Collectors.joining(","));
        return new Semantic(
                redis,
                Keys.DEFAULT,
                told,
                TestSettings.of(SemanticSettings.class, "thresholds", each, "error-bound", String.valueOf(errorBound)));
    }

    @Test
    void aCategoryMayHaveAThresholdOfItsOwn() {
        Partition partition = IndexContract.partition();
        remember(partition, "How do I reset my password?", 0.97, "k");
        Semantic strict = with(Map.of(FAQ, 0.98, "live", 0.5), 0.01);
        try {
            Found found = get(strict.find(partition, ASKED, 0, FAQ));
            assertThat(found.reason()).isEqualTo(Reason.FAR);
            assertThat(found.threshold()).isEqualTo(0.98);
            assertThat(get(strict.feedback(partition, "one", "k", FAQ)).threshold())
                    .isEqualTo(0.98);
            assertThat(get(strict.find(partition, ASKED, 0, "classification")).threshold())
                    .isEqualTo(0.95);
            assertThat(get(strict.find(partition, ASKED, 0, "live")).threshold())
                    .isEqualTo(0.5);
        } finally {
            strict.dispose();
        }
    }

    @Test
    void howManyMayBeWrongIsSet() {
        Partition partition = IndexContract.partition();
        Semantic lenient = with(Map.of(), 0.05);
        try {
            for (int i = 0; i < 5; i++) {
                assertThat(get(lenient.feedback(partition, "q" + i, "k", FAQ)).steps())
                        .isZero();
            }
            assertThat(get(lenient.feedback(partition, "q5", "k", FAQ)).steps()).isEqualTo(1);
        } finally {
            lenient.dispose();
        }
    }

    @Test
    void thirtyDaysWithoutAWrongAnswerTakeAllStepsBack() {
        Partition partition = IndexContract.partition();
        remember(partition, "How do I reset my password?", 0.97, "k");
        long steps = 0;
        for (int i = 0; i < 4; i++) {
            steps = get(semantic.feedback(partition, "q" + i, "k", FAQ)).steps();
        }
        assertThat(steps).isEqualTo(2);
        assertThat(find(partition, ASKED).threshold()).isEqualTo(Quality.tightened(0.95, 2));
        lastWrong(partition, Duration.ofDays(30).minusMinutes(1));
        assertThat(find(partition, ASKED).reason()).isEqualTo(Reason.FAR);
        lastWrong(partition, Duration.ofDays(30).plusMinutes(1));
        assertThat(hit(find(partition, ASKED)).entryKey()).isEqualTo("k");
        assertThat(find(partition, ASKED).threshold()).isEqualTo(0.95);
    }

    private static void lastWrong(Partition partition, Duration ago) {
        String key = Keys.DEFAULT.semanticQuality(partition.tenant(), FAQ);
        assertThat(TestRedis.commands().hexists(key, "last")).isTrue();
        TestRedis.commands().hset(key, "last", Long.toString(System.currentTimeMillis() - ago.toMillis()));
    }

    @Test
    void whatComesOfEachSearchIsCounted() {
        Partition partition = IndexContract.partition();
        find(partition, ASKED);
        remember(partition, "How can I reset my router?", 0.99, "k1");
        find(partition, ASKED);
        remember(partition, "How do I reset my password?", 0.97, "k2");
        find(partition, ASKED);
        get(semantic.find(partition, ASKED, 0.995, FAQ));
        get(semantic.feedback(partition, ASKED, "k2", FAQ));
        find(partition, ASKED);
        find(partition, " ");
        find(partition, ASKED + "\u200B");
        find(partition, "no vector of this");
        get(semantic.explain(partition, ASKED, 0, FAQ));
        for (Reason reason : Reason.values()) {
            assertThat(semantic.outcomes(reason)).as("%s", reason).isEqualTo(reason == Reason.LATE ? 0 : 1);
        }
    }

    @Test
    void eachStepHalvesWhatIsLeft() {
        assertThat(Quality.tightened(0.9, 0)).isEqualTo(0.9);
        assertThat(Quality.tightened(0.9, 1)).isEqualTo(0.95);
        assertThat(Quality.tightened(0.9, 2)).isEqualTo(0.975);
        assertThat(Quality.tightened(0.9, 6)).isGreaterThan(1);
    }

    @Test
    void whatIsForgottenIsNotFound() {
        Partition partition = IndexContract.partition();
        remember(partition, "How do I reset my password?", 0.97, "k");
        assertThat(semantic.forget(partition, "How do I reset my password?").block(Patience.ofSeconds(10)))
                .isNull();
        assertThat(find(partition, ASKED).reason()).isEqualTo(Reason.NOTHING);
    }

    @Test
    void vectorsAreKept() {
        Partition partition = IndexContract.partition();
        told.vectors.put("seldom asked", IndexContract.at(0.1));
        int before = told.calls.get();
        for (int i = 0; i < 5; i++) {
            assertThat(find(partition, "seldom  asked").hit()).isNull();
        }
        assertThat(told.calls.get() - before).isEqualTo(1);
        assertThat(TestRedis.commands().keys("llm:embedding:*"))
                .isNotEmpty()
                .allSatisfy(key -> assertThat(TestRedis.commands().ttl(key))
                        .isBetween(
                                Duration.ofDays(6).toSeconds(),
                                Duration.ofDays(7).toSeconds()));
    }

    @Test
    void longQuestionsAreLeftAlone() {
        Partition partition = IndexContract.partition();
        String tooLong = "a ".repeat(600);
        assertThat(get(semantic.remember(partition, tooLong, "k", TTL))).isFalse();
        assertThat(find(partition, tooLong).reason()).isEqualTo(Reason.UNFIT);
        assertThat(find(partition, " ").reason()).isEqualTo(Reason.UNFIT);
    }

    @Test
    void withoutAnEmbedderNothingIsFoundAndNothingFails() {
        Partition partition = IndexContract.partition();
        assertThat(find(partition, "no vector of this").reason()).isEqualTo(Reason.UNAVAILABLE);
        assertThat(get(semantic.remember(partition, "no vector of this", "k", TTL)))
                .isFalse();
    }

    @Test
    void whileRedisIsAwayNothingIsFoundAtOnce() {
        EmbeddedRedis server = EmbeddedRedis.start();
        Redis away = new Redis(RedisTopology.parse(server.uri()), "test", TestSettings.of(RedisSettings.class));
        Semantic lonely = new Semantic(away, Keys.DEFAULT, told, TestSettings.of(SemanticSettings.class));
        try {
            // Never opened: each call is refused at once, as by an open gate.
            Partition partition = IndexContract.partition();
            assertThat(get(lonely.find(partition, ASKED, 0, FAQ)).reason()).isEqualTo(Reason.UNAVAILABLE);
            long began = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                assertThat(get(lonely.find(partition, ASKED, 0, FAQ)).hit()).isNull();
            }
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Patience.ofSeconds(1));
            assertThat(get(lonely.remember(partition, ASKED, "k", TTL))).isFalse();
        } finally {
            lonely.dispose();
            away.close().block(Patience.ofSeconds(10));
            server.close();
        }
    }

    @Test
    void aSlowEmbedderIsNotWaitedFor() {
        Embedder never = new Embedder() {
            @Override
            public String id() {
                return "never";
            }

            @Override
            public int dimensions() {
                return 3;
            }

            @Override
            public Mono<float[]> embed(String text) {
                return Mono.never();
            }
        };
        Semantic slow = new Semantic(redis, Keys.DEFAULT, never, TestSettings.of(SemanticSettings.class));
        try {
            assertThat(get(slow.find(IndexContract.partition(), ASKED, 0, FAQ)).reason())
                    .isEqualTo(Reason.LATE);
            assertThat(slow.outcomes(Reason.LATE)).isEqualTo(1);
        } finally {
            slow.dispose();
        }
    }
}
