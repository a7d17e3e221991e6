package dev.parley.publish;

import static dev.parley.publish.AppendQueueHarness.MAX_AGE;
import static dev.parley.publish.AppendQueueHarness.MAX_BYTES;
import static dev.parley.publish.QueuedEvents.event;
import static dev.parley.publish.QueuedEvents.queued;
import static dev.parley.publish.ScriptedAppends.unavailable;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** Events on their way into a log that answers: order, batches, outcomes and bounds. {@link AppendQueueOutageTest} has what happens when it does not. */
final class AppendQueueTest {

    private static ParleyException notFound() {
        return ParleyException.of(ErrorCode.NOT_FOUND, "no such conversation");
    }

    private final AppendQueueHarness on = new AppendQueueHarness();

    @AfterEach
    void stop() {
        on.close();
    }

    private void add(String conversation, String id) {
        Disposable unused = on.add(conversation, id);
    }

    private void add(AgentEvent event) {
        Disposable unused = on.add(event);
    }

    // Order and batches.

    @Test
    void anEventIsAppendedImmediatelyAndItsPublisherIsToldWhereItIs() {
        add("a", "1");
        assertThat(on.latest().ids()).containsExactly("1");
        assertThat(on.latest().source).isNull();
        assertThat(on.latest().batch.get(0).sourceId()).isNull();
        assertThat(on.latest().batch.get(0).access()).isEqualTo(QueuedEvents.ACCESS);
        assertThat(on.told).isEmpty();

        on.latest().succeeds();
        assertThat(on.told).containsExactly("1 stored at 0-1");
        assertThat(on.listener.calls).containsExactly("stored in a at 0-1");
        assertThat(on.queue.size()).isZero();
        assertThat(on.queue.bytes()).isZero();
        assertThat(on.tries()).isEqualTo(1);
    }

    @Test
    void whatComesWhileATryIsUnderWayMakesTheNextBatchInItsOrder() {
        add("a", "1");
        add("a", "2");
        add("b", "3");
        add("a", "4");
        assertThat(on.tries()).isEqualTo(1);
        assertThat(on.lane.isTrying()).isTrue();

        on.latest().succeeds();
        assertThat(on.latest().ids()).containsExactly("2", "3", "4");
        on.latest().succeeds();
        assertThat(on.told).containsExactly("1 stored at 0-1", "2 stored at 0-2", "3 stored at 0-1", "4 stored at 0-3");
        assertThat(on.log.log("a")).containsExactly("1", "2", "4");
        assertThat(on.tries()).isEqualTo(2);
        assertThat(on.lane.isTrying()).isFalse();
    }

    @Test
    void afterAPauseTheLaneAppendsAgain() {
        add("a", "1");
        on.latest().succeeds();
        add("a", "2");
        on.latest().succeeds();
        assertThat(on.told).containsExactly("1 stored at 0-1", "2 stored at 0-2");
    }

    @Test
    void ofOneConversationABatchHasNoMoreThanTheLogCertainlyRemembers() {
        add("z", "0");
        for (String id : List.of("1", "2", "3")) {
            add("a", id);
        }
        add("b", "4");
        on.latest().succeeds();
        assertThat(on.latest().ids()).containsExactly("1", "2");
        on.latest().succeeds();
        assertThat(on.latest().ids()).containsExactly("3", "4");
    }

    @Test
    void ofManyConversationsABatchHasMoreThanOfOne() {
        add("z", "0");
        add("a", "1");
        add("b", "2");
        add("c", "3");
        add("a", "4");
        on.latest().succeeds();
        assertThat(on.latest().ids()).containsExactly("1", "2", "3", "4");
    }

    @Test
    void aBatchHasAtMost4096Events() {
        add("z", "0");
        for (int i = 0; i < 4_097; i++) {
            add("c" + i, "e" + i);
        }
        on.latest().succeeds();
        assertThat(on.latest().batch).hasSize(4_096);
        on.latest().succeeds();
        assertThat(on.latest().ids()).containsExactly("e4096");
    }

    @Test
    void aBatchHasAtMostFourMebibytes() {
        add("z", "0");
        for (int i = 0; i < 100; i++) {
            add(event("c" + i, "e" + i, 60_000));
        }
        on.latest().succeeds();
        int bytes = on.latest().batch.stream()
                .mapToInt(one -> one.event().bytes().length)
                .sum();
        assertThat(bytes).isBetween((4 << 20) - 61_000, 4 << 20);
        int first = on.latest().batch.size();
        on.latest().succeeds();
        assertThat(on.latest().batch).hasSize(100 - first);
    }

    @Test
    void aPublisherThatCancelsDoesNotTakeItsEventBack() {
        on.add("a", "1").dispose();
        add("a", "2");
        on.latest().succeeds();
        on.latest().succeeds();
        assertThat(on.told).containsExactly("2 stored at 0-2");
        assertThat(on.log.log("a")).containsExactly("1", "2");
    }

    @Test
    void anEventThatTheLogHasAlreadyIsToldAsStoredWithoutBeingStoredAgain() {
        add("a", "1");
        on.latest().succeeds();
        add("a", "1");
        on.latest().succeeds();
        assertThat(on.told).containsExactly("1 stored at 0-1", "1 stored at 0-1");
        assertThat(on.listener.calls).containsExactly("stored in a at 0-1");
    }

    // Outcomes.

    @Test
    void anEventThatIsRefusedForGoodCostsNoOtherAnything() {
        add("z", "0");
        add("a", "1");
        add("a", "2");
        add("b", "3");
        on.latest().succeeds();
        on.latest().succeedsBut(Map.of("1", notFound()));
        assertThat(on.told)
                .containsExactly(
                        "0 stored at 0-1", "1 not_found: no such conversation", "2 stored at 0-1", "3 stored at 0-1");
        // Its own publisher heard it: nobody else is told.
        assertThat(on.listener.calls).doesNotContain("refused 1: not_found");
        assertThat(on.counts.refused().sum()).isZero();
        assertThat(on.queue.size()).isZero();
        assertThat(on.lane.isTrying()).isFalse();
    }

    @Test
    void aConversationThatIsRefusedForNowInMidBatchKeepsItsPlaceAndItsOrder() {
        add("z", "0");
        add("a", "1");
        add("b", "2");
        add("a", "3");
        on.latest().succeeds();
        add("a", "4");
        add("b", "5");
        on.latest().succeedsBut(Map.of("1", unavailable()));
        // What came through is told so, all else is told that it is queued, in the order of the line.
        assertThat(on.told)
                .containsExactly("0 stored at 0-1", "2 stored at 0-1", "1 queued", "3 queued", "4 queued", "5 queued");
        assertThat(on.listener.calls)
                .containsExactly(
                        "stored in z at 0-1",
                        "stored in b at 0-1",
                        "queued 1",
                        "queued 3 behind 1",
                        "queued 4 behind 3",
                        "queued 5");
        assertThat(on.counts.queued().get()).isEqualTo(4);
        assertThat(on.tries()).isEqualTo(2);
        assertThat(on.lane.isTrying()).isFalse();

        on.passDelay();
        assertThat(on.latest().ids()).startsWith("1", "3");
        on.latest().succeeds();
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1", "3", "4");
        assertThat(on.log.log("b")).containsExactly("2", "5");
        assertThat(on.counts.queued().get()).isZero();
        assertThat(on.counts.replayed().sum()).isEqualTo(4);
    }

    @Test
    void anErrorThatIsNoRefusalIsToldToThoseWhoWaitAndToTheOthersThatTheyAreQueued() {
        add("a", "1");
        add("a", "2");
        on.latest().fails(new IllegalStateException("a fault"));
        assertThat(on.told).containsExactly("1 a fault", "2 queued");
        assertThat(on.queue.size()).isEqualTo(1);
        assertThat(on.tries()).isEqualTo(1);

        on.passDelay();
        assertThat(on.latest().ids()).containsExactly("2");
        on.latest().succeeds();
        assertThat(on.counts.replayed().sum()).isEqualTo(1);
        assertThat(on.told).hasSize(2);
    }

    @Test
    void anErrorThatIsNoRefusalKeepsWhatIsQueued() {
        on.lane.restore(queued("a", "1"));
        on.lane.resume();
        on.latest().fails(new IllegalStateException("a fault"));
        assertThat(on.queue.size()).isEqualTo(1);
        assertThat(on.counts.queued().get()).isEqualTo(1);
        on.passDelay();
        assertThat(on.latest().ids()).containsExactly("1");
        on.latest().succeeds();
        assertThat(on.counts.replayed().sum()).isEqualTo(1);
    }

    @Test
    void aRefusalOfAWholeBatchForGoodIsAnErrorLikeAnyOther() {
        add("a", "1");
        on.latest().fails(notFound());
        assertThat(on.told).containsExactly("1 not_found: no such conversation");
        assertThat(on.queue.size()).isZero();
        // The lane finds out that it is empty and is as new.
        on.passDelay();
        assertThat(on.tries()).isEqualTo(1);
        add("a", "2");
        on.latest().succeeds();
        assertThat(on.told).endsWith("2 stored at 0-1");
    }

    @Test
    void afterAnErrorTheNextEventWaitsForThePlannedTry() {
        add("a", "1");
        on.latest().fails(new IllegalStateException("a fault"));
        add("a", "2");
        assertThat(on.told).endsWith("2 queued");
        assertThat(on.tries()).isEqualTo(1);
        on.passDelay();
        assertThat(on.latest().ids()).containsExactly("2");
    }

    @Test
    void aQueuedEventThatIsRefusedForGoodIsToldToTheListener() {
        on.lane.restore(queued("a", "1"));
        on.lane.restore(queued("a", "2"));
        on.lane.resume();
        on.latest().succeedsBut(Map.of("1", notFound()));
        assertThat(on.listener.calls).containsExactly("placed 2", "stored in a at 0-1", "refused 1: not_found");
        assertThat(on.counts.refused().sum()).isEqualTo(1);
        assertThat(on.counts.replayed().sum()).isEqualTo(1);
        assertThat(on.counts.queued().get()).isZero();
    }

    // Bounds.

    @Test
    void whatIsOverTheBytesIsRefusedAndWhatWasTakenStays() {
        add("z", "0");
        int size = event("a", "e", 60_000).bytes().length;
        int most = MAX_BYTES + MAX_BYTES / 8;
        int fits = (most - (int) on.queue.bytes()) / size;
        for (int i = 0; i < fits; i++) {
            add(event("a", "e", 60_000));
        }
        assertThat(on.told).isEmpty();
        add(event("a", "f", 60_000));
        assertThat(on.told)
                .containsExactly("f overloaded: too many events wait for Redis on this node: try again later");
        assertThat(on.queue.refused()).isEqualTo(1);
        assertThat(on.queue.size()).isEqualTo(fits + 1L);

        on.latest().succeeds();
        add(event("a", "g", 0));
        assertThat(on.told).containsSequence("0 stored at 0-1").hasSize(2);
    }

    @Test
    void whatWaitsForRedisLeavesAnEighthOfTheBytes() {
        on.away = true;
        int size = event("a", "e", 60_000).bytes().length;
        for (int i = 0; i < MAX_BYTES / size; i++) {
            add(event("a", "e", 60_000));
        }
        assertThat(on.told).hasSize(MAX_BYTES / size).allMatch("e queued"::equals);
        add(event("a", "f", 60_000));
        assertThat(on.told).last().asString().startsWith("f overloaded");

        on.away = false;
        AppendQueue other = on.lane(on.log::append, 2);
        Disposable unused = on.addTo(other, event("b", "g", 60_000));
        on.latest().succeeds();
        assertThat(on.told).endsWith("g stored at 0-1");
    }

    @Test
    void nothingIsTakenBehindAnEventThatHasWaitedForTooLong() {
        add("a", "1");
        on.pass(MAX_AGE);
        add("a", "2");
        on.pass(Duration.ofNanos(1));
        add("a", "3");
        assertThat(on.told)
                .containsExactly("3 overloaded: events have been waiting for Redis for too long on this node: try"
                        + " again later");
        on.latest().succeeds();
        add("a", "4");
        assertThat(on.told).hasSize(2);
    }

    @Test
    void anEventThatFindsNoRoomLeavesTheLaneAsItWas() {
        AppendQueue full = on.lane((source, batch) -> Mono.never(), 2);
        on.away = true;
        for (int i = 0; i * 60_000L < MAX_BYTES; i++) {
            Disposable unused = on.addTo(full, event("b", "e", 60_000));
        }
        on.told.clear();
        add(event("a", "1", 60_000));
        assertThat(on.told).first().asString().startsWith("1 overloaded");

        on.away = false;
        add("a", "2");
        on.latest().succeeds();
        assertThat(on.told).endsWith("2 stored at 0-1");
    }

    // The end.

    @Test
    void aClosedLaneTakesNothingMoreAndGoesOnWithWhatItHas() {
        add("a", "1");
        add("a", "2");
        on.lane.close();
        add("a", "3");
        assertThat(on.told).containsExactly("3 unavailable: this node is stopping: try again");
        on.latest().succeeds();
        on.latest().succeeds();
        assertThat(on.log.log("a")).containsExactly("1", "2");
        assertThat(on.told).endsWith("1 stored at 0-1", "2 stored at 0-2");
    }

    @Test
    void aStoppedLaneCancelsItsTryAndReturnsWhatIsLeftInItsOrder() {
        add("a", "1");
        add("b", "2");
        add("a", "3");
        List<AppendQueue.Waiting> left = on.lane.stop();
        assertThat(on.latest().cancelled).isTrue();
        assertThat(left.stream()
                        .map(one -> Objects.requireNonNull(one.event.event().eventId())))
                .containsExactly("1", "2", "3");
        on.latest().succeeds();
        on.lane.suspend();
        on.lane.resume();
        on.pass(Duration.ofMinutes(1));
        assertThat(on.tries()).isEqualTo(1);
        add("a", "4");
        assertThat(on.told).containsExactly("4 unavailable: this node is stopping: try again");
    }

    @Test
    void whoIsLeftIsToldOnceWhetherItsEventWasKept() {
        on.away = true;
        add("a", "1");
        on.away = false;
        List<AppendQueue.Waiting> toldAlready = on.lane.stop();
        AppendQueue.tellLeft(toldAlready, false);
        assertThat(on.told).containsExactly("1 queued");

        AppendQueue other = on.lane(on.log::append, 2);
        Disposable unused = on.addTo(other, event("a", "2"));
        List<AppendQueue.Waiting> kept = other.stop();
        AppendQueue.tellLeft(kept, true);
        AppendQueue.tellLeft(kept, false);
        assertThat(on.told).endsWith("2 queued");

        AppendQueue third = on.lane(on.log::append, 2);
        Disposable unusedToo = on.addTo(third, event("a", "3"));
        AppendQueue.tellLeft(third.stop(), false);
        assertThat(on.told).containsExactly("1 queued", "2 queued", "3 unavailable: this node is stopping: try again");
    }
}
