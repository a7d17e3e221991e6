package dev.parley.publish;

import static dev.parley.publish.QueuedEvents.event;
import static dev.parley.publish.QueuedEvents.queued;
import static dev.parley.publish.QueuedEvents.spilled;
import static dev.parley.publish.ScriptedAppends.unavailable;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Position;
import dev.parley.resilience.QueuedEvent;
import dev.parley.store.AppendRequest;
import dev.parley.store.AppendResult;
import dev.parley.store.StoredEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A lane whose master is unavailable: what waits keeps its place, its publishers are told so, and it is appended once, in its order. */
final class AppendQueueOutageTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final AppendResult STORED =
            new AppendResult(new StoredEvent(new Position(0, 1), false, "", false), null);

    private final AppendQueueHarness on = new AppendQueueHarness();

    @AfterEach
    void stop() {
        on.close();
    }

    private void add(String conversation, String id) {
        Disposable unused = on.add(conversation, id);
    }

    // A lost answer.

    @Test
    void whenAnAnswerIsLostTheSameBatchIsAppendedAgainUnderTheSameIds() {
        add("a", "1");
        add("a", "2");
        on.latest().losesItsAnswer(unavailable());
        assertThat(on.told).containsExactly("1 queued", "2 queued");
        assertThat(on.lane.isTrying()).isFalse();
        assertThat(on.lane.isQueued("a")).isTrue();
        assertThat(on.lane.isQueued("b")).isFalse();

        on.passDelay();
        assertThat(on.lane.isTrying()).isTrue();
        assertThat(on.latest().ids()).containsExactly("1", "2");
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1", "2");
        // Whoever looks after inboxes is told of the first one too, and the hub only of what came now.
        assertThat(on.listener.calls)
                .containsExactly(
                        "queued 1", "queued 2 behind 1", "placed 1, which was there", "placed 2", "stored in a at 0-2");
        assertThat(on.lane.isQueued("a")).isFalse();
        assertThat(on.told).hasSize(2);
        assertThat(on.counts.replayed().sum()).isEqualTo(2);
    }

    @Test
    void whatComesWhileALaneHoldsIsToldThatItIsQueuedAndAppendedBehindTheOthers() {
        add("a", "1");
        on.latest().fails(unavailable());
        add("a", "2");
        add("b", "3");
        assertThat(on.told).containsExactly("1 queued", "2 queued", "3 queued");
        assertThat(on.listener.calls).containsExactly("queued 1", "queued 2 behind 1", "queued 3");
        assertThat(on.tries()).isEqualTo(1);
        on.passDelay();
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1", "2");

        // It holds no longer.
        add("a", "4");
        assertThat(on.told).hasSize(3);
        on.latest().succeeds();
        assertThat(on.told).endsWith("4 stored at 0-3");
    }

    @Test
    void triesFollowEachOtherAtGrowingIntervalsOfTwoSecondsAtMost() {
        add("a", "1");
        for (long longest : List.of(100L, 200L, 400L, 800L, 1_600L, 2_000L, 2_000L, 2_000L)) {
            int before = on.tries();
            on.latest().fails(unavailable());
            on.pass(Duration.ofMillis(longest / 2 - 1));
            assertThat(on.tries()).isEqualTo(before);
            on.pass(Duration.ofMillis(longest / 2 + 1));
            assertThat(on.tries()).isEqualTo(before + 1);
        }
        on.latest().succeeds();

        // After a success they begin with the shortest again.
        add("a", "2");
        on.latest().fails(unavailable());
        on.passDelay();
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1", "2");
        assertThat(on.told).containsExactly("1 queued", "2 queued");
    }

    @Test
    void aTryThatPlacesSomethingAndNotAllHasTheIntervalsGrow() {
        add("a", "1");
        on.latest().fails(unavailable());
        on.passDelay();
        on.latest().succeedsBut(Map.of("1", unavailable()));
        int before = on.tries();
        on.pass(Duration.ofMillis(99));
        assertThat(on.tries()).isEqualTo(before);
        on.pass(Duration.ofMillis(101));
        assertThat(on.tries()).isEqualTo(before + 1);
    }

    // Suspend.

    @Test
    void aLaneThatIsSuspendedDoesNotWaitForWhatIsUnderWay() {
        add("a", "1");
        add("b", "2");
        ScriptedAppends.Try lost = on.latest();
        on.lane.suspend();
        assertThat(lost.cancelled).isTrue();
        assertThat(on.told).containsExactly("1 queued", "2 queued");
        assertThat(on.lane.isTrying()).isFalse();

        // Its answer counts no more, though what it appended is in the log.
        lost.succeeds();
        assertThat(on.queue.size()).isEqualTo(2);
        on.passDelay();
        assertThat(on.latest().ids()).containsExactly("1", "2");
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1");
        assertThat(on.listener.calls).contains("placed 1, which was there", "placed 2");
        assertThat(on.queue.size()).isZero();
    }

    @Test
    void aLaneThatIsSuspendedWhileATryIsPlannedKeepsThatPlan() {
        add("a", "1");
        on.latest().fails(unavailable());
        on.lane.suspend();
        on.lane.suspend();
        assertThat(on.told).containsExactly("1 queued");
        on.passDelay();
        assertThat(on.tries()).isEqualTo(2);
        on.pass(MINUTE);
        assertThat(on.tries()).isEqualTo(2);
    }

    @Test
    void aLaneThatIsSuspendedTwiceTellsOnce() {
        add("a", "1");
        on.lane.suspend();
        on.lane.suspend();
        assertThat(on.told).containsExactly("1 queued");
        assertThat(on.listener.calls).containsExactly("queued 1");
        assertThat(on.counts.queued().get()).isEqualTo(1);
    }

    @Test
    void anEmptyLaneThatIsSuspendedStaysAsItIs() {
        on.lane.suspend();
        assertThat(on.tries()).isZero();
        add("a", "1");
        on.latest().succeeds();
        assertThat(on.told).containsExactly("1 stored at 0-1");
    }

    @Test
    void whatARestoredLaneHasIsNotTriedBecauseTheLaneIsSuspended() {
        on.lane.restore(queued("a", "1"));
        on.lane.suspend();
        on.pass(MINUTE);
        assertThat(on.tries()).isZero();
        assertThat(on.queue.size()).isEqualTo(1);
    }

    // Resume.

    @Test
    void aLaneThatIsResumedDoesNotWaitForThePlannedTry() {
        add("a", "1");
        on.latest().fails(unavailable());
        on.lane.resume();
        assertThat(on.tries()).isEqualTo(2);
        on.pass(MINUTE);
        assertThat(on.tries()).isEqualTo(2);
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1");
    }

    @Test
    void aLaneThatIsResumedWhileATryIsUnderWayDoesNotBeginAnother() {
        add("a", "1");
        on.lane.resume();
        assertThat(on.tries()).isEqualTo(1);
        on.latest().succeeds();
        assertThat(on.told).containsExactly("1 stored at 0-1");
        assertThat(on.tries()).isEqualTo(1);
    }

    @Test
    void anEmptyLaneThatIsResumedTriesNothingAndTakesTheNextEvent() {
        on.lane.resume();
        assertThat(on.lane.isTrying()).isFalse();
        assertThat(on.tries()).isZero();
        add("a", "1");
        on.latest().succeeds();
        assertThat(on.told).containsExactly("1 stored at 0-1");
    }

    @Test
    void aLaneThatIsResumedBeginsWithTheShortestIntervalAgain() {
        add("a", "1");
        for (int i = 0; i < 6; i++) {
            on.latest().fails(unavailable());
            on.pass(Duration.ofSeconds(2));
        }
        on.lane.suspend();
        on.lane.resume();
        int before = on.tries();
        on.latest().fails(unavailable());
        on.passDelay();
        assertThat(on.tries()).isEqualTo(before + 1);
    }

    @Test
    void aLaneThatIsSuspendedAndResumedAgainAndAgainAppendsAllOnceAndInOrder() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String id = "e" + i;
            all.add(id);
            add("a", id);
            switch (i % 5) {
                case 0 -> on.lane.suspend();
                case 1 -> on.lane.resume();
                case 2 -> on.latest().losesItsAnswer(unavailable());
                case 3 -> on.passDelay();
                default -> {
                    on.pass(Duration.ofSeconds(2));
                    on.latest().succeeds();
                }
            }
        }
        while (on.queue.size() > 0) {
            on.pass(Duration.ofSeconds(2));
            on.latest().succeeds();
        }
        assertThat(on.log.log("a")).containsExactlyElementsOf(all);
        assertThat(on.told).hasSize(50);
        assertThat(on.counts.queued().get()).isZero();
    }

    // Unavailable from the start.

    @Test
    void whatComesWhileTheMasterIsUnavailableIsToldSoImmediatelyAndTriedAllTheSame() {
        on.away = true;
        add("a", "1");
        assertThat(on.told).containsExactly("1 queued");
        assertThat(on.tries()).isEqualTo(1);
        on.latest().fails(unavailable());
        add("a", "2");
        on.away = false;
        on.lane.resume();
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1", "2");
        assertThat(on.counts.replayed().sum()).isEqualTo(2);
    }

    @Test
    void whileOthersWaitUntoldAnEventIsToldNotBeforeTheLaneIsSuspended() {
        add("a", "1");
        on.away = true;
        add("a", "2");
        assertThat(on.told).isEmpty();
        on.lane.suspend();
        assertThat(on.told).containsExactly("1 queued", "2 queued");
    }

    // Restored from a spilled queue.

    @Test
    void whatAnEarlierProcessWroteDownIsAppendedFirstUnderItsPlaceThere() {
        on.lane.restore(spilled("a", "1", 7));
        on.lane.restore(spilled("b", "2", 8));
        add("a", "3");
        assertThat(on.told).containsExactly("3 queued");
        assertThat(on.listener.calls).containsExactly("queued 3 behind 1");
        assertThat(on.counts.queued().get()).isEqualTo(3);
        assertThat(on.latest().source).isEqualTo("spill:node-1");
        assertThat(on.latest().ids()).containsExactly("1", "2", "3");
        assertThat(on.latest().batch).extracting(AppendRequest::sourceId).containsExactly("0-7", "0-8", null);
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1", "3");
        assertThat(on.listener.calls)
                .containsExactly(
                        "queued 3 behind 1",
                        "placed 1",
                        "placed 3",
                        "placed 2",
                        "stored in a at 0-1",
                        "stored in b at 0-1",
                        "stored in a at 0-2");
    }

    @Test
    void whatAnEarlierProcessWroteDownIsTakenOverTheBounds() {
        for (int i = 0; i * 60_000L < 2L * AppendQueueHarness.MAX_BYTES; i++) {
            on.lane.restore(new QueuedEvent(event("a", "e" + i, 60_000), QueuedEvents.ACCESS));
        }
        assertThat(on.queue.bytes()).isGreaterThan(2L * AppendQueueHarness.MAX_BYTES - 120_000);
        add("a", "1");
        assertThat(on.told).first().asString().startsWith("1 overloaded");
    }

    // What was queued goes on before it counts as done.

    @Test
    void anEventThatWasQueuedCountsAsDoneWhenItHasBeenPlaced() {
        Sinks.Empty<Void> placed = Sinks.empty();
        on.listener.placing = event -> placed.asMono();
        on.lane.restore(queued("a", "1"));
        on.lane.resume();
        on.latest().succeeds();
        add("a", "2");
        assertThat(on.counts.queued().get()).isEqualTo(2);
        assertThat(on.tries()).isEqualTo(1);
        assertThat(on.lane.isTrying()).isTrue();

        placed.tryEmitEmpty().orThrow();
        assertThat(on.counts.queued().get()).isEqualTo(1);
        assertThat(on.latest().ids()).containsExactly("2");
    }

    @Test
    void aConversationsEventsArePlacedOneAfterTheOtherAndOtherConversationsMeanwhile() {
        Sinks.Empty<Void> first = Sinks.empty();
        on.listener.placing = event -> "1".equals(event.event().eventId()) ? first.asMono() : Mono.empty();
        on.lane.restore(queued("a", "1"));
        on.lane.restore(queued("a", "2"));
        on.lane.restore(queued("b", "3"));
        on.lane.resume();
        on.latest().succeeds();
        assertThat(on.listener.calls).containsExactly("placed 1", "placed 3");
        first.tryEmitEmpty().orThrow();
        assertThat(on.listener.calls).startsWith("placed 1", "placed 3", "placed 2");
        assertThat(on.queue.size()).isZero();
    }

    @Test
    void whatCanNotBePlacedForNowIsAppendedAndPlacedAgain() {
        on.listener.placing = event -> Mono.error(unavailable());
        on.lane.restore(queued("a", "1"));
        on.lane.resume();
        on.latest().succeeds();
        assertThat(on.counts.queued().get()).isEqualTo(1);

        on.listener.placing = event -> Mono.empty();
        on.passDelay();
        on.latest().succeeds();
        assertThat(on.listener.calls).containsExactly("placed 1", "placed 1, which was there");
        assertThat(on.counts.queued().get()).isZero();
        assertThat(on.log.log("a")).containsExactly("1");
    }

    @Test
    void aBatchOfToldAndUntoldEventsAnswersEachOfThem() {
        AppendQueue lane = laneWithAToldAndAnUntoldEventInABatch();
        on.latest().succeeds();
        assertThat(on.told).containsExactly("0 queued", "1 queued", "1b queued", "2 stored at 0-1");
        assertThat(on.counts.replayed().sum()).isEqualTo(3);
        assertThat(on.listener.calls).endsWith("placed 1b", "stored in a at 0-2", "stored in b at 0-1");
        AppendQueueHarness.end(lane);
    }

    @Test
    void whatCanNotBePlacedForAFaultStaysQueuedAndWhoWaitsBesideItIsToldOfTheFault() {
        AppendQueue lane = laneWithAToldAndAnUntoldEventInABatch();
        on.listener.placing = event -> Mono.error(new IllegalStateException("a fault"));
        on.latest().succeeds();
        assertThat(on.told).containsExactly("0 queued", "1 queued", "1b queued", "2 a fault");
        assertThat(on.queue.size()).isEqualTo(1);
        on.listener.placing = event -> Mono.empty();
        on.passDelay();
        assertThat(on.latest().ids()).containsExactly("1b");
        on.latest().succeeds();
        assertThat(on.listener.calls).endsWith("placed 1b, which was there");
        assertThat(on.counts.queued().get()).isZero();
        AppendQueueHarness.end(lane);
    }

    /** Its latest try has event 1b of a, which was told that it is queued, and 2 of b, which waits for its answer. */
    private AppendQueue laneWithAToldAndAnUntoldEventInABatch() {
        AppendQueue lane = on.lane(on.log::append, 1);
        on.away = true;
        Disposable zero = on.addTo(lane, event("z", "0"));
        on.away = false;
        Disposable one = on.addTo(lane, event("a", "1"));
        Disposable more = on.addTo(lane, event("a", "1b"));
        on.latest().succeeds();
        // This one goes alone, since there is one of a conversation at most in a batch. What comes now is told nothing
        // yet.
        assertThat(on.latest().ids()).containsExactly("1");
        Disposable two = on.addTo(lane, event("b", "2"));
        on.latest().succeeds();
        assertThat(on.latest().ids()).containsExactly("1b", "2");
        assertThat(List.of(zero, one, more)).allMatch(Disposable::isDisposed);
        assertThat(two.isDisposed()).isFalse();
        return lane;
    }

    // Answers that come too late.

    /** As a driver whose answer has left already when it is cancelled. */
    private static final class LateAnswer extends Mono<List<AppendResult>> {
        private final AtomicReference<Subscriber<? super List<AppendResult>>> asking = new AtomicReference<>();

        @Override
        public void subscribe(CoreSubscriber<? super List<AppendResult>> actual) {
            asking.set(actual);
            actual.onSubscribe(new Subscription() {
                @Override
                public void request(long n) {}

                @Override
                public void cancel() {}
            });
        }

        void arrives(List<AppendResult> outcomes) {
            Objects.requireNonNull(asking.get()).onNext(outcomes);
        }
    }

    @Test
    void anAnswerThatArrivesAfterTheLaneWasSuspendedPlacesNothing() {
        LateAnswer late = new LateAnswer();
        AppendQueue lane = on.lane((source, batch) -> late, 2);
        lane.restore(queued("a", "1"));
        lane.resume();
        lane.suspend();
        late.arrives(List.of(STORED));
        assertThat(on.listener.calls).isEmpty();
        assertThat(on.queue.size()).isEqualTo(1);
        AppendQueueHarness.end(lane);
    }

    @Test
    void anAnswerThatArrivesWhileTheLaneIsBeingSuspendedSettlesNothing() {
        AppendQueue sync = on.lane((source, batch) -> Mono.just(List.of(STORED)), 2);
        on.listener.placing = event -> Mono.fromRunnable(sync::suspend);
        sync.restore(queued("a", "1"));
        sync.resume();
        assertThat(on.queue.size()).isEqualTo(1);
        assertThat(on.counts.queued().get()).isEqualTo(1);

        on.listener.placing = event -> Mono.empty();
        on.passDelay();
        assertThat(on.queue.size()).isZero();
        AppendQueueHarness.end(sync);
    }

    @Test
    void anErrorThatArrivesWhileTheLaneIsBeingSuspendedTellsNobody() {
        AtomicReference<AppendQueue> lane = new AtomicReference<>();
        AtomicInteger tries = new AtomicInteger();
        lane.set(on.lane(
                (source, batch) -> Mono.error(() -> {
                    tries.incrementAndGet();
                    Objects.requireNonNull(lane.get()).suspend();
                    return new IllegalStateException("a fault");
                }),
                2));
        AppendQueue failing = Objects.requireNonNull(lane.get());
        Disposable unused = on.addTo(failing, event("a", "1"));
        assertThat(on.told).containsExactly("1 queued");
        assertThat(on.queue.size()).isEqualTo(1);
        // The suspension planned the next try; the error plans no other, which would be a later one.
        on.passDelay();
        assertThat(tries).hasValue(2);
        AppendQueueHarness.end(failing);
    }
}
