package dev.parley.publish;

import static dev.parley.publish.QueuedEvents.ACCESS;
import static dev.parley.publish.QueuedEvents.event;
import static dev.parley.publish.ScriptedAppends.unavailable;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.test.scheduler.VirtualTimeScheduler;

/** The append queue of a cluster: conversation "s1" has slot 1, which the test gives to a master. */
final class AppendQueuesTest {

    private static final int AT_ONCE = 16;

    private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    private final ScriptedAppends log = ScriptedAppends.cluster();
    private final List<String> told = new ArrayList<>();
    private final Publisher publisher = new Publisher(
            log, new RecordingQueueListener(), 1 << 20, Duration.ofSeconds(60), List.of(), () -> time.now(NANOSECONDS));

    @BeforeEach
    void twoMastersServeTwoHundredSlots() {
        for (int slot = 0; slot < 200; slot++) {
            log.masters.put(slot, slot < 100 ? "left" : "right");
        }
    }

    @AfterEach
    void stop() {
        Disposable unused = publisher.stop(Duration.ZERO).subscribe();
        VirtualTimeScheduler.reset();
    }

    private void publish(int slot, String id) {
        Disposable unused = publisher
                .publish(ACCESS, event("s" + slot, id))
                .subscribe(
                        published -> told.add(id + " " + AppendQueueHarness.name(published)),
                        error -> told.add(id + " " + AppendQueueHarness.name(error)));
        time.advanceTime();
    }

    private List<List<String>> batches() {
        return log.tries.stream().map(ScriptedAppends.Try::ids).toList();
    }

    @Test
    void eachSlotHasALaneOfItsOwnAndABatchIsOfOneSlot() {
        publish(1, "a");
        publish(1, "b");
        publish(2, "c");
        publish(16_383, "d");
        assertThat(batches()).containsExactly(List.of("a"), List.of("c"), List.of("d"));
        log.tries.get(0).succeeds();
        time.advanceTime();
        assertThat(log.latest().ids()).containsExactly("b");
    }

    @Test
    void aFewLanesAppendToAMasterAtOnceAndThoseOfAnotherMasterDoNotWaitForThem() {
        for (int slot = 0; slot < AT_ONCE + 2; slot++) {
            publish(slot, "left" + slot);
        }
        assertThat(log.tries).hasSize(AT_ONCE);
        publish(100, "right");
        assertThat(log.latest().ids()).containsExactly("right");

        log.tries.get(0).succeeds();
        time.advanceTime();
        assertThat(log.latest().ids()).containsExactly("left16");
        log.tries.get(1).fails(unavailable());
        time.advanceTime();
        assertThat(log.latest().ids()).containsExactly("left17");
        assertThat(told).containsExactly("left0 stored at 0-1", "left1 queued");
    }

    @Test
    void aMasterThatIsUnavailableHoldsUpItsOwnSlotsAlone() {
        publish(1, "a");
        publish(100, "b");
        publisher.suspend("left");
        publish(2, "c");
        publish(101, "d");
        assertThat(told).containsExactly("a queued", "c queued");
        assertThat(log.tries.get(0).cancelled).isTrue();
        assertThat(log.tries.get(1).cancelled).isFalse();
        log.tries.get(1).succeeds();
        assertThat(told).contains("b stored at 0-1");

        publisher.resume("left");
        time.advanceTime();
        for (ScriptedAppends.Try each : List.copyOf(log.tries)) {
            if (!each.cancelled && !each.ids().contains("b")) {
                each.succeeds();
            }
        }
        time.advanceTime();
        assertThat(publisher.queued()).isZero();
        assertThat(log.log("s1")).containsExactly("a");
        assertThat(log.log("s2")).containsExactly("c");
        assertThat(told).contains("d stored at 0-1");
    }

    @Test
    void whatASlotThatNobodyServesHasIsQueuedAndTriedAllTheSame() {
        log.masters.remove(3);
        publish(3, "a");
        assertThat(told).containsExactly("a queued");
        assertThat(log.latest().ids()).containsExactly("a");
        log.latest().fails(unavailable());

        log.masters.put(3, "new");
        publisher.resume("new");
        time.advanceTime();
        log.latest().succeeds();
        assertThat(log.log("s3")).containsExactly("a");
        assertThat(publisher.queued()).isZero();
    }

    @Test
    void aSlotThatMovesGoesOnAtItsNewMaster() {
        publish(1, "a");
        publisher.suspend("left");
        log.masters.put(1, "right");
        publisher.resume("right");
        time.advanceTime();
        log.latest().succeeds();
        time.advanceTime();
        publish(1, "b");
        assertThat(told).containsExactly("a queued");
        log.latest().succeeds();
        assertThat(told).containsExactly("a queued", "b stored at 0-2");
        assertThat(log.log("s1")).containsExactly("a", "b");
    }

    @Test
    void aSuspendedTryGivesItsTurnToTheNextOne() {
        for (int slot = 0; slot < AT_ONCE; slot++) {
            publish(slot, "left" + slot);
        }
        log.masters.put(50, "other");
        publish(50, "other");
        publisher.suspend("left");
        log.masters.put(50, "left");
        assertThat(log.tries).hasSize(AT_ONCE + 1);
        publisher.resume("left");
        time.advanceTime();
        assertThat(log.tries).hasSize(2 * AT_ONCE + 1);
        assertThat(log.tries.subList(0, AT_ONCE)).allMatch(one -> one.cancelled);
    }

    @Test
    void aNewLaneOfAClosedPublisherTakesNothing() {
        Disposable unused = publisher.stop(Duration.ofSeconds(1)).subscribe();
        time.advanceTime();
        publish(7, "a");
        assertThat(told).containsExactly("a unavailable: this node is stopping: try again");
        assertThat(log.tries).isEmpty();
    }
}
