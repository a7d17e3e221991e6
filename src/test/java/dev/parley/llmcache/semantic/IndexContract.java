package dev.parley.llmcache.semantic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.parley.event.Ids;
import dev.parley.llmcache.semantic.embedding.Vectors;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What an index does, whatever it is made of. Each test has partitions of its own. */
interface IndexContract {

    int LIMIT = 40;
    Duration LONG = Duration.ofMinutes(5);

    Redis redis();

    RedisClusterCommands<String, String> commands();

    SemanticIndex index(int limit);

    default SemanticIndex index() {
        return index(LIMIT);
    }

    static Partition partition() {
        return new Partition("t-" + Ids.random(), "default", "model", "context", "test");
    }

    /** A vector at an angle to the first axis, whose cosine with it is as given. */
    static float[] at(double cosine) {
        return new float[] {(float) cosine, (float) Math.sqrt(1 - cosine * cosine), 0};
    }

    private static void add(SemanticIndex index, Partition partition, String question, float[] vector, Duration ttl) {
        index.add(partition, Asked.of(question), vector, "key of " + question, ttl)
                .block(Patience.ofSeconds(10));
    }

    private static List<Neighbour> nearest(SemanticIndex index, Partition partition, int count) {
        return get(index.nearest(partition, Asked.of("what?"), at(1), count));
    }

    private static List<String> questions(SemanticIndex index, Partition partition, int count) {
        return nearest(index, partition, count).stream()
                .map(Neighbour::question)
                .toList();
    }

    private static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(20)));
    }

    @Test
    default void theNearestComeFirstWithTheirCosines() {
        Partition partition = partition();
        SemanticIndex index = index();
        add(index, partition, "b", at(0.8), LONG);
        add(index, partition, "a", at(0.97), LONG);
        add(index, partition, "c", at(-0.5), LONG);
        List<Neighbour> found = nearest(index, partition, 5);
        assertThat(found).extracting(Neighbour::question).containsExactly("a", "b", "c");
        assertThat(found).extracting(Neighbour::entryKey).containsExactly("key of a", "key of b", "key of c");
        assertThat(found.get(0).cosine()).isCloseTo(0.97, within(1e-5));
        assertThat(found.get(2).cosine()).isCloseTo(-0.5, within(1e-5));
        assertThat(questions(index, partition, 2)).containsExactly("a", "b");
    }

    @Test
    default void cosinesAreExact() {
        Partition partition = partition();
        SemanticIndex index = index();
        Random random = new Random(7);
        List<float[]> vectors = IntStream.range(0, 30)
                .mapToObj(i -> {
                    float[] vector = new float[384];
                    for (int j = 0; j < vector.length; j++) {
                        vector[j] = (float) random.nextGaussian();
                    }
                    return Vectors.unit(vector);
                })
                .toList();
        for (int i = 1; i < vectors.size(); i++) {
            add(index, partition, "q" + i, vectors.get(i), LONG);
        }
        List<Neighbour> found = get(index.nearest(partition, Asked.of("what?"), vectors.get(0), 5));
        List<Double> expected = vectors.stream()
                .skip(1)
                .map(each -> Vectors.cosine(each, vectors.get(0)))
                .sorted((one, other) -> Double.compare(other, one))
                .limit(5)
                .toList();
        for (int i = 0; i < 5; i++) {
            assertThat(found.get(i).cosine()).isCloseTo(expected.get(i), within(1e-5));
        }
    }

    @Test
    default void anEmptyPartitionHasNone() {
        assertThat(nearest(index(), partition(), 5)).isEmpty();
    }

    @Test
    default void partitionsDontSeeEachOther() {
        Partition one = partition();
        SemanticIndex index = index();
        add(index, one, "a", at(1), LONG);
        for (Partition other : List.of(
                new Partition("other", one.namespace(), one.model(), one.context(), one.embedder()),
                new Partition(one.tenant(), "other", one.model(), one.context(), one.embedder()),
                new Partition(one.tenant(), one.namespace(), "other", one.context(), one.embedder()),
                new Partition(one.tenant(), one.namespace(), one.model(), "other", one.embedder()),
                new Partition(one.tenant(), one.namespace(), one.model(), one.context(), "other"),
                new Partition(one.tenant() + one.namespace(), "", one.model(), one.context(), one.embedder()))) {
            assertThat(nearest(index, other, 5)).isEmpty();
        }
        assertThat(nearest(index, one, 5)).hasSize(1);
    }

    @Test
    default void theSameQuestionAgainTakesThePlaceOfTheFirst() {
        Partition partition = partition();
        SemanticIndex index = index();
        add(index, partition, "a", at(0.5), LONG);
        assertThat(nearest(index, partition, 5)).hasSize(1);
        index.add(partition, Asked.of(" a "), at(0.9), "another", LONG).block(Patience.ofSeconds(10));
        List<Neighbour> found = nearest(index, partition, 5);
        assertThat(found).hasSize(1);
        assertThat(found.get(0).entryKey()).isEqualTo("another");
        assertThat(found.get(0).cosine()).isCloseTo(0.9, within(1e-5));
    }

    @Test
    default void whatIsTakenOutIsGoneForOtherNodesToo() {
        Partition partition = partition();
        SemanticIndex here = index();
        SemanticIndex there = index();
        add(here, partition, "a", at(1), LONG);
        add(here, partition, "b", at(0.9), LONG);
        assertThat(questions(there, partition, 5)).containsExactly("a", "b");
        here.remove(partition, Asked.of("a")).block(Patience.ofSeconds(10));
        assertThat(questions(there, partition, 5)).containsExactly("b");
        here.remove(partition, Asked.of("b")).block(Patience.ofSeconds(10));
        assertThat(questions(there, partition, 5)).isEmpty();
        add(there, partition, "c", at(0.8), LONG);
        assertThat(questions(here, partition, 5)).containsExactly("c");
    }

    @Test
    default void whatHasEndedIsNotFoundAndItsKeysAreDropped() {
        Partition partition = partition();
        SemanticIndex index = index();
        add(index, partition, "short", at(1), Duration.ofMillis(300));
        add(index, partition, "long", at(0.9), LONG);
        assertThat(nearest(index, partition, 5)).isNotEmpty();
        Await.until(
                "the short one has ended", () -> nearest(index, partition, 5).size() == 1);
        assertThat(questions(index, partition, 1)).containsExactly("long");
        assertThat(commands().zcard(Keys.DEFAULT.semantic(partition.digest(), "ends")))
                .isEqualTo(1);
    }

    @Test
    default void allKeysOfAPartitionEndWithItsLastEntry() {
        Partition partition = partition();
        add(index(), partition, "a", at(1), Duration.ofSeconds(100));
        add(index(), partition, "b", at(1), Duration.ofSeconds(10));
        List<String> keys = commands().keys("*{" + partition.digest() + "}*");
        assertThat(keys).hasSizeGreaterThanOrEqualTo(3);
        assertThat(keys).allSatisfy(key -> assertThat(commands().pttl(key)).isBetween(90_000L, 100_000L));
    }

    @Test
    default void thereAreNeverMoreThanTheLimit() {
        Partition partition = partition();
        SemanticIndex index = index(3);
        for (int i = 0; i < 10; i++) {
            add(index, partition, "q" + i, at(0.9 + i / 1000.0), LONG.plusSeconds(i));
            assertThat(nearest(index, partition, 20)).hasSizeLessThanOrEqualTo(3);
        }
        assertThat(questions(index, partition, 20)).containsExactly("q9", "q8", "q7");
        assertThat(questions(index(3), partition, 20)).containsExactly("q9", "q8", "q7");
    }

    @Test
    default void manyAtOnceAreAllThere() {
        Partition partition = partition();
        SemanticIndex index = index();
        SemanticIndex other = index();
        Flux.range(0, LIMIT)
                .flatMap(
                        i -> index.add(partition, Asked.of("q" + i), at(i / 100.0), "k" + i, LONG)
                                .then(other.nearest(partition, Asked.of("what?"), at(1), 5)),
                        16)
                .then()
                .block(Patience.ofSeconds(20));
        assertThat(nearest(other, partition, LIMIT)).hasSize(LIMIT);
        assertThat(questions(other, partition, 1)).containsExactly("q" + (LIMIT - 1));
    }

    @Test
    default void anAnswerReportedForAQuestionIsMarkedForThatOneOnly() {
        Partition partition = partition();
        SemanticIndex index = index();
        add(index, partition, "a", at(1), LONG);
        String reports = Keys.DEFAULT.semantic(
                partition.digest(), "refused:" + Asked.of("what?").id());
        assertThat(commands().sadd(reports, "key of a")).isEqualTo(1);
        assertThat(nearest(index, partition, 5)).extracting(Neighbour::reported).containsExactly(true);
        assertThat(get(index.nearest(partition, Asked.of("which?"), at(1), 5)))
                .extracting(Neighbour::reported)
                .containsExactly(false);
    }

    @Test
    default void whenRedisHasLostThePartitionNothingIsFound() {
        Partition partition = partition();
        SemanticIndex index = index();
        add(index, partition, "a", at(1), LONG);
        assertThat(nearest(index, partition, 5)).hasSize(1);
        commands()
                .keys("*{" + partition.digest() + "}*")
                .forEach(key -> assertThat(commands().del(key)).isEqualTo(1));
        assertThat(nearest(index, partition, 5)).isEmpty();
        add(index, partition, "b", at(1), LONG);
        assertThat(questions(index, partition, 5)).containsExactly("b");
    }
}
