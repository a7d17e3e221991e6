package dev.parley.llmcache.live;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.MemoryBudget;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

final class LiveAnswerTest {

    private static final MemoryBudget MEMORY = new MemoryBudget(1 << 30);

    private final LiveAnswer answer = new LiveAnswer(true, MEMORY);

    private void add(String text) {
        answer.add(text.getBytes(UTF_8));
    }

    private StepVerifier.Step<String> events() {
        return StepVerifier.create(answer.events().map(part -> new String(part, UTF_8)));
    }

    @Test
    void whoComesLaterGetsWhatThereIsAtOnceAndThenWhatComes() {
        answer.show();
        add("a");
        add("b");
        events().expectNext("ab")
                .then(() -> add("c"))
                .expectNext("c")
                .then(answer::end)
                .expectComplete()
                .verify(Patience.ofSeconds(5));
        events().expectNext("abc").expectComplete().verify(Patience.ofSeconds(5));
    }

    @Test
    void itIsNotShownBeforeItIsToBe() {
        add("a");
        StepVerifier.create(answer.shown())
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(50))
                .then(answer::show)
                .expectNext(answer)
                .verifyComplete();
        StepVerifier.create(answer.shown()).expectNext(answer).verifyComplete();
    }

    @Test
    void whatEndsHiddenIsNeverShownAndKeepsNothing() {
        add("a");
        answer.end();
        answer.show();
        add("b");
        StepVerifier.create(answer.shown()).verifyComplete();
        assertThat(answer.readShown(0, 10))
                .satisfies(
                        part -> assertThat(Objects.requireNonNull(part).bytes()).isEmpty())
                .extracting(LiveAnswer.Part::state)
                .isEqualTo(LiveAnswer.State.CUT);
    }

    @Test
    void whatIsCutOffFailsBehindWhatThereWas() {
        answer.show();
        add("a");
        answer.cut();
        answer.end();
        events().expectNext("a")
                .expectErrorMatches(e -> ParleyException.is(e, ErrorCode.UNAVAILABLE))
                .verify(Patience.ofSeconds(5));
    }

    @Test
    void whoIsSlowGetsTheSameInLargerPieces() {
        answer.show();
        StepVerifier.create(answer.events().map(part -> part.length), 0)
                .then(() -> {
                    for (int i = 0; i < 100; i++) {
                        answer.add(new byte[1000]);
                    }
                    answer.end();
                })
                .thenRequest(1)
                .expectNext(16_000)
                .thenRequest(10)
                .expectNext(16_000, 16_000, 16_000, 16_000, 16_000, 4_000)
                .verifyComplete();
    }

    @Test
    void itKeepsAWindowAndWhoFallsBehindThatIsCutOffAlone() {
        answer.show();
        StepVerifier.Step<Integer> slow = StepVerifier.create(answer.events().map(part -> part.length), 1);
        StepVerifier stopped = slow.expectNext(1 << 10)
                .thenAwait()
                .thenRequest(Long.MAX_VALUE)
                .expectErrorMatches(e -> ParleyException.is(e, ErrorCode.UNAVAILABLE))
                .verifyLater();
        long[] quick = {0};
        var reading = answer.events().subscribe(part -> quick[0] += part.length);
        for (int i = 0; i < 20 << 10; i++) {
            answer.add(new byte[1 << 10]);
        }
        answer.end();
        stopped.verify(Patience.ofSeconds(5));
        assertThat(quick[0]).isEqualTo(20 << 20);
        assertThat(reading.isDisposed()).isTrue();
        assertThat(answer.read(0, 1)).isNull();
        assertThat(answer.read(17 << 20, 1)).as("the last 3 MiB at least").isNotNull();
        assertThat(answer.read((16 << 20) - 1024, 1))
                .as("the last 4 MiB at most")
                .isNull();
    }

    @Test
    void whatHasOutgrownTheWindowIsNotJoinedAnyMore() {
        for (int i = 0; i < 5; i++) {
            answer.add(new byte[1 << 20]);
        }
        answer.show();
        StepVerifier.create(answer.shown()).verifyComplete();
    }

    @Test
    void whoLeavesIsForgotten() {
        answer.show();
        var one = answer.events().subscribe();
        assertThat(answer.watched()).isTrue();
        one.dispose();
        assertThat(answer.watched()).isFalse();
        LiveAnswer hidden = new LiveAnswer(true, MEMORY);
        var waiting = hidden.shown().subscribe();
        assertThat(hidden.watched()).isTrue();
        waiting.dispose();
        assertThat(hidden.watched()).isFalse();
    }

    @Test
    void moreIsAskedForOnlyWhenAReaderHasWhatThereIsAndWantsMore() {
        AtomicInteger pulls = new AtomicInteger();
        answer.source(pulls::incrementAndGet, () -> {});
        StepVerifier.create(answer.events(), 0)
                .then(() -> assertThat(pulls).as("nobody wants any").hasValue(0))
                .thenRequest(1)
                .then(() -> assertThat(pulls).hasValue(1))
                .then(() -> add("a"))
                .expectNextCount(1)
                .then(() -> assertThat(pulls).as("one is enough").hasValue(1))
                .thenRequest(1)
                .then(() -> assertThat(pulls).hasValue(2))
                .thenCancel()
                .verify(Patience.ofSeconds(5));
    }

    @Test
    void itIsNotCutOffWhileSomebodyFollowsAndTheLastOneWhoLeavesIsTold() {
        AtomicInteger left = new AtomicInteger();
        answer.source(() -> {}, left::incrementAndGet);
        answer.show();
        var one = answer.events().subscribe();
        var two = answer.events().subscribe();
        assertThat(answer.cutUnlessFollowed()).isFalse();
        one.dispose();
        assertThat(answer.cutUnlessFollowed()).isFalse();
        assertThat(left).hasValue(0);
        two.dispose();
        assertThat(left).hasValue(1);
        assertThat(answer.cutUnlessFollowed()).isTrue();
        events().verifyError(ParleyException.class);
    }

    @Test
    void whereMemoryIsUsedUpItCantBeJoinedAndWhoReadsGoesOn() {
        MemoryBudget memory = new MemoryBudget(1 << 20);
        LiveAnswer large = new LiveAnswer(true, memory);
        large.show();
        long[] read = {0};
        var reading = large.events().subscribe(part -> read[0] += part.length);
        for (int i = 0; i < 4 << 10; i++) {
            large.add(new byte[1 << 10]);
        }
        StepVerifier.create(large.shown()).verifyComplete();
        assertThat(read[0]).isEqualTo(4 << 20);
        assertThat(memory.taken()).as("what has been read is dropped").isLessThan(1 << 20);
        large.end();
        large.forget();
        assertThat(reading.isDisposed()).isTrue();
        assertThat(memory.taken()).isZero();
    }

    @Test
    void whatIsForOneReaderKeepsOnlyWhatThatOneIsBehind() {
        MemoryBudget memory = new MemoryBudget(1 << 20);
        LiveAnswer alone = new LiveAnswer(false, memory);
        alone.forget();
        var reading = alone.events().subscribe();
        for (int i = 0; i < 100; i++) {
            alone.add(new byte[1 << 10]);
        }
        assertThat(memory.taken()).isLessThan(4 << 10);
        alone.end();
        assertThat(reading.isDisposed()).isTrue();
        assertThat(memory.taken()).isZero();
    }
}
