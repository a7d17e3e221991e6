package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.ingest.ScriptedDurableStream.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Several durable streams, which several nodes read. */
final class StreamSourcesTest {

    private static final String[] FOUR = {"w", "x", "y", "z"};

    @RegisterExtension
    final StreamFixture fixture = new StreamFixture();

    @CanIgnoreReturnValue
    private StreamSources open(String node, String... streams) {
        StreamSources sources = fixture.sources(node, streams);
        sources.open();
        fixture.time.advanceTime();
        return sources;
    }

    private List<String> holders() {
        return Stream.of(FOUR)
                .map(name -> Objects.requireNonNullElse(fixture.stream(name).holder, "null"))
                .toList();
    }

    private void shortly() {
        fixture.pass(StreamFixture.HEARTBEAT.multipliedBy(6));
    }

    @Test
    void aNodeAloneReadsAllStreams() {
        StreamSources one = open("one", FOUR);
        assertThat(one.reading()).isEqualTo(4);
        assertThat(one.isEmpty()).isFalse();
        assertThat(one.names()).containsExactly(FOUR);
    }

    @Test
    void aNodeWithoutStreamsReadsNone() {
        StreamSources none = open("one");
        assertThat(none.isEmpty()).isTrue();
        assertThat(none.reading()).isZero();
        assertThat(none.trouble()).isNull();
        assertThat(none.close().block(Duration.ZERO)).isNull();
    }

    @Test
    void aNodeThatComesIsGivenItsQuota() {
        StreamSources one = open("one", FOUR);
        StreamSources two = open("two", FOUR);
        shortly();
        assertThat(List.of(one.reading(), two.reading())).containsExactly(2L, 2L);
        assertThat(holders()).containsOnly("one", "two");
    }

    @Test
    void aStreamThatIsHandedOverIsReadOnWhereItWas() {
        open("one", FOUR);
        for (String name : FOUR) {
            fixture.stream(name).addEvents(3);
        }
        open("two", FOUR);
        for (int i = 0; i < 60; i++) {
            for (String name : FOUR) {
                fixture.stream(name).addEvents(1);
            }
            fixture.pass(Duration.ofMillis(50));
        }
        for (String name : FOUR) {
            assertThat(fixture.store.log().stream()
                            .filter(line -> line.startsWith(name + " "))
                            .toList())
                    .isEqualTo(java.util.stream.IntStream.rangeClosed(1, 63)
                            .mapToObj(n -> name + " " + n + "-0")
                            .toList());
        }
        assertThat(holders()).containsOnly("one", "two");
    }

    @Test
    void aNodeThatIsKilledIsReplacedWhenItsLeasesExpire() {
        StreamSources one = open("one", FOUR);
        StreamSources two = open("two", FOUR);
        shortly();
        two.dispose();
        fixture.pass(StreamFixture.LEASE.plus(StreamFixture.HEARTBEAT.multipliedBy(3)));
        assertThat(one.reading()).isEqualTo(4);
    }

    @Test
    void aNodeThatStopsIsReplacedWithinABeat() {
        StreamSources one = open("one", FOUR);
        StreamSources two = open("two", FOUR);
        shortly();
        var unused = two.close().subscribe();
        fixture.pass(StreamFixture.HEARTBEAT);
        assertThat(one.reading()).isEqualTo(4);
    }

    @Test
    void streamsAboveTheQuotaThatNobodyElseReadsAreReadInTurn() {
        // Another node is registered for both streams, so this one's quota is one; and it reads neither.
        StreamSources one = open("one", "w", "x");
        List<Long> reading = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            fixture.stream("w").register("ghost", StreamFixture.LEASE.toMillis());
            fixture.stream("x").register("ghost", StreamFixture.LEASE.toMillis());
            fixture.stream("w").addEvents(1);
            fixture.stream("x").addEvents(1);
            fixture.pass(StreamFixture.HEARTBEAT);
            reading.add(one.reading());
        }
        assertThat(reading.stream().filter(streams -> streams == 1))
                .as("the one that was read is handed over")
                .hasSizeGreaterThan(80);
        long behind = StreamFixture.LEASE.plus(StreamFixture.HEARTBEAT).dividedBy(StreamFixture.HEARTBEAT) + 1;
        for (String name : List.of("w", "x")) {
            assertThat(fixture.store.log().stream().filter(line -> line.startsWith(name + " ")))
                    .as(name)
                    .hasSizeGreaterThan(100 - (int) behind);
        }
    }

    @Test
    void whatIsCountedIsTheSumOverAllStreams() {
        StreamSources one = open("one", "x", "y");
        fixture.stream("x").addEvents(2);
        fixture.stream("y").addEvents(3);
        fixture.stream("y").add(Map.of("nonsense", "1"));
        fixture.time.advanceTime();
        assertThat(one.appended()).isEqualTo(5);
        assertThat(one.dead()).isEqualTo(1);
        assertThat(one.passedOver()).isZero();
    }

    @Test
    void lossesAreCountedByStream() {
        ScriptedDurableStream x = fixture.view(fixture.stream("x"), "one");
        StreamSources one = new StreamSources(
                List.of(x, fixture.view(fixture.stream("y"), "one")),
                fixture.store,
                StreamFixture.SETTINGS,
                (conversation, at) -> {},
                fixture::nanoTime);
        one.open();
        fixture.time.advanceTime();
        Runnable read = x.holdNext(Operation.READ);
        fixture.stream("x").addEvents(10);
        fixture.stream("x").trim(4);
        read.run();
        assertThat(one.lost("x")).isEqualTo(6);
        assertThat(one.lost("y")).isZero();
        assertThat(one.lost("unknown")).isZero();
        one.dispose();
    }

    @Test
    void troubleIsTheFirstStreamsThatHasSome() {
        ScriptedDurableStream y = fixture.view(fixture.stream("y"), "one");
        StreamSources one = new StreamSources(
                List.of(fixture.view(fixture.stream("x"), "one"), y),
                fixture.store,
                StreamFixture.SETTINGS,
                (conversation, at) -> {},
                fixture::nanoTime);
        y.fail(Operation.ENSURE_GROUP, StreamFixture.denied());
        one.open();
        fixture.time.advanceTime();
        assertThat(one.trouble()).startsWith("y can't be read: NOPERM");
        one.dispose();
    }
}
