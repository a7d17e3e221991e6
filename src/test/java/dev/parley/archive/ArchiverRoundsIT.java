package dev.parley.archive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.postgres.Postgres;
import dev.parley.postgres.TestPostgres;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** What a round of the archiver takes and copies together, with things to be archived that do what they are told. */
class ArchiverRoundsIT {

    private static final Duration CLAIM_AFTER = Duration.ofMillis(100);

    private static Redis redis;
    private static Postgres postgres;

    private final Keys keys = new Keys("rounds-" + Ids.random() + ":");

    /** What it was asked to copy at once, in turn. */
    private final List<List<String>> asked = new CopyOnWriteArrayList<>();

    private final List<String> poison = new CopyOnWriteArrayList<>();
    private final List<String> changing = new CopyOnWriteArrayList<>();

    private final ArchiveSource things = new ArchiveSource() {
        @Override
        public Mono<List<String>> archive(List<String> names) {
            return Mono.fromCallable(() -> {
                asked.add(names);
                if (names.stream().anyMatch(poison::contains)) {
                    throw new IllegalArgumentException("no, never");
                }
                List<String> changed = names.stream().filter(changing::contains).toList();
                changing.removeAll(changed);
                return changed;
            });
        }

        @Override
        public String keys() {
            return keys.session("*");
        }

        @Override
        public Mono<String> unarchived(String key) {
            return Mono.empty();
        }
    };

    @BeforeAll
    static void start() {
        redis = TestRedis.connect();
        postgres = TestPostgres.of(TestPostgres.newDatabase());
        postgres.open();
        postgres.reached().block(Patience.ofSeconds(30));
    }

    @AfterAll
    static void stop() {
        postgres.close().block(Patience.ofSeconds(10));
        redis.close().block(Patience.ofSeconds(10));
    }

    private DirtySet marks() {
        return new DirtySet(redis, keys.dirty());
    }

    private boolean round() {
        return Objects.requireNonNull(
                new Archiver(redis, postgres, marks(), keys.scanning(), things, "one", CLAIM_AFTER)
                        .round()
                        .block(Patience.ofSeconds(10)));
    }

    private void mark(String... names) {
        for (String name : names) {
            marks().set(List.of(name)).block(Patience.ofSeconds(10));
        }
    }

    private long waiting() {
        return TestRedis.commands().xlen(keys.dirty());
    }

    @Test
    void whatIsMarkedIsCopiedTogetherAndEachOnce() {
        mark("b", "a", "b", "c");

        assertThat(round()).as("full").isFalse();

        assertThat(asked).containsExactly(List.of("a", "b", "c"));
        assertThat(waiting()).isZero();
    }

    @Test
    void aFullRoundSaysThatThereMayBeMore() {
        List<String> many = IntStream.range(0, 130)
                .mapToObj(i -> String.format(Locale.ROOT, "n%03d", i))
                .toList();
        marks().set(many).block(Patience.ofSeconds(10));

        assertThat(round()).as("full").isTrue();
        assertThat(round()).as("full").isFalse();

        assertThat(asked).extracting(List::size).containsExactly(128, 2);
        assertThat(asked.stream().flatMap(List::stream)).containsExactlyInAnyOrderElementsOf(many);
        assertThat(waiting()).isZero();
    }

    @Test
    void whatCanNotBeCopiedIsCopiedByItselfFromThenOnAndCostsTheOthersNothing() {
        poison.add("bad");
        mark("a", "bad", "c");
        try (LogWatch log = LogWatch.open()) {
            assertThat(round()).isFalse();
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("is not archived yet"))
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains("bad is not archived yet: no, never");
        }

        assertThat(asked.get(0)).containsExactly("a", "bad", "c");
        assertThat(asked.subList(1, asked.size()))
                .containsExactlyInAnyOrder(List.of("a"), List.of("bad"), List.of("c"));
        assertThat(waiting()).as("its mark").isOne();

        asked.clear();
        Await.until("it is tried again, beside one that is new", () -> {
            mark(Ids.random());
            assertThat(round()).isFalse();
            return asked.contains(List.of("bad"));
        });
        assertThat(new ArrayList<>(asked)).hasSizeGreaterThan(1).allMatch(names -> names.size() == 1);
        assertThat(waiting()).as("its mark").isOne();

        poison.clear();
        Await.until("it is archived when it can be", () -> {
            assertThat(round()).isFalse();
            return waiting() == 0;
        });
    }

    @Test
    void whatChangesMeanwhileIsCopiedInTheNextRound() {
        changing.add("busy");
        mark("busy", "quiet");

        assertThat(round()).isFalse();
        assertThat(asked).containsExactly(List.of("busy", "quiet"));
        assertThat(waiting()).as("it is marked again").isOne();

        assertThat(round()).isFalse();
        assertThat(asked).last().isEqualTo(List.of("busy"));
        assertThat(waiting()).isZero();
    }
}
