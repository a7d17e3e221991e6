package dev.parley.publish;

import static dev.parley.publish.QueuedEvents.ACCESS;
import static dev.parley.publish.QueuedEvents.event;
import static dev.parley.publish.QueuedEvents.spilled;
import static dev.parley.publish.ScriptedAppends.unavailable;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.resilience.QueuedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** The append queue of one server: conversations "a" and "e" share a lane, "b" has another. */
final class PublisherTest {

    private static final long MAX_BYTES = 8_000;
    private static final Duration MAX_AGE = Duration.ofSeconds(60);
    private static final Duration AT_MOST = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(20);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    private final ScriptedAppends log = new ScriptedAppends();
    private final RecordingQueueListener listener = new RecordingQueueListener();
    private final List<String> told = new ArrayList<>();
    private final Publisher publisher = publisher(log, List.of());

    private Publisher publisher(ScriptedAppends on, List<QueuedEvent> left) {
        return new Publisher(on, listener, MAX_BYTES, MAX_AGE, left, () -> time.now(NANOSECONDS));
    }

    @AfterEach
    void stop() {
        Disposable unused = publisher.stop(Duration.ZERO).subscribe();
        VirtualTimeScheduler.reset();
    }

    private void publish(String conversation, String id) {
        publish(publisher, conversation, id);
    }

    private void publish(Publisher to, String conversation, String id) {
        Disposable unused = to.publish(ACCESS, event(conversation, id))
                .subscribe(
                        published -> told.add(id + " " + AppendQueueHarness.name(published)),
                        error -> told.add(id + " " + AppendQueueHarness.name(error)));
    }

    private AtomicBoolean completed(Mono<Void> waiting) {
        AtomicBoolean done = new AtomicBoolean();
        Disposable unused = waiting.subscribe(nothing -> {}, error -> {}, () -> done.set(true));
        time.advanceTime();
        return done;
    }

    private AtomicReference<Publisher.Rest> stopped() {
        AtomicReference<Publisher.Rest> rest = new AtomicReference<>();
        Disposable unused = publisher.stop(AT_MOST).subscribe(rest::set);
        time.advanceTime();
        return rest;
    }

    private static Publisher.Rest rest(AtomicReference<Publisher.Rest> stopped) {
        return Objects.requireNonNull(stopped.get());
    }

    private static List<String> ids(Publisher.Rest rest) {
        return rest.events().stream()
                .map(one -> Objects.requireNonNull(one.event().eventId()))
                .toList();
    }

    @Test
    void publishingBeginsWithTheSubscription() {
        Mono<PublishResult> cold = publisher.publish(ACCESS, event("a", "1"));
        assertThat(log.tries).isEmpty();
        Disposable unused = cold.subscribe();
        assertThat(log.tries).hasSize(1);
    }

    @Test
    void conversationsOfOneLaneFollowEachOtherAndThoseOfOthersDoNotWait() {
        publish("a", "1");
        publish("e", "2");
        publish("b", "3");
        assertThat(log.tries).hasSize(2);
        assertThat(log.tries.get(0).ids()).containsExactly("1");
        assertThat(log.tries.get(1).ids()).containsExactly("3");
        log.tries.get(0).succeeds();
        assertThat(log.latest().ids()).containsExactly("2");
    }

    @Test
    void ofAConversationABatchHasHalfOfWhatTheLogRemembersAtMost() {
        ScriptedAppends forgetful = ScriptedAppends.remembering(4);
        Publisher careful = publisher(forgetful, List.of());
        for (int i = 0; i < 4; i++) {
            publish(careful, "a", "e" + i);
        }
        forgetful.latest().succeeds();
        assertThat(forgetful.latest().ids()).containsExactly("e1", "e2");

        ScriptedAppends blank = ScriptedAppends.remembering(0);
        Publisher one = publisher(blank, List.of());
        for (int i = 0; i < 3; i++) {
            publish(one, "a", "f" + i);
        }
        blank.latest().succeeds();
        assertThat(blank.latest().ids()).containsExactly("f1");
    }

    @Test
    void whatWaitsIsCountedWithItsOverheadUntilItIsSettled() {
        publish("a", "1");
        time.advanceTimeBy(Duration.ofSeconds(3));
        publish("b", "2");
        assertThat(publisher.waitingBytes())
                .isEqualTo(2L * (512 + event("a", "1").bytes().length));
        assertThat(publisher.oldest()).isEqualTo(Duration.ofSeconds(3));
        assertThat(publisher.queued()).isZero();
        log.tries.get(0).succeeds();
        log.tries.get(1).succeeds();
        assertThat(publisher.waitingBytes()).isZero();
        assertThat(publisher.oldest()).isZero();
    }

    @Test
    void whatFindsNoRoomIsOverloadedAndCounted() {
        for (int i = 0; i < 20; i++) {
            publish("a", "e" + i);
        }
        long refused = told.stream().filter(one -> one.contains("overloaded")).count();
        assertThat(refused).isPositive().isLessThan(20);
        assertThat(publisher.overloaded()).isEqualTo(refused);
        assertThat(publisher.waitingBytes()).isLessThanOrEqualTo(MAX_BYTES + MAX_BYTES / 8);
    }

    @Test
    void behindWhatHasWaitedForTooLongNothingIsTakenOnThatLaneAlone() {
        publish("a", "1");
        time.advanceTimeBy(MAX_AGE.plusNanos(1));
        publish("e", "2");
        publish("b", "3");
        assertThat(told).singleElement().asString().startsWith("2 overloaded");
        assertThat(log.latest().ids()).containsExactly("3");
    }

    @Test
    void aMasterThatIsUnavailableHasEverybodyToldAndOneThatIsBackGoesOn() {
        publish("a", "1");
        publish("b", "2");
        publisher.suspend("redis");
        publish("e", "3");
        assertThat(told).containsExactly("1 queued", "2 queued", "3 queued");
        assertThat(publisher.queued()).isEqualTo(3);
        assertThat(publisher.isQueued("a")).isTrue();
        assertThat(publisher.isQueued("c")).isFalse();

        publisher.resume("redis");
        int tries = log.tries.size();
        log.tries.get(tries - 2).succeeds();
        log.tries.get(tries - 1).succeedsBut(Map.of("2", ParleyException.of(ErrorCode.FORBIDDEN, "another tenant's")));
        assertThat(publisher.replayed()).isEqualTo(2);
        assertThat(publisher.refused()).isEqualTo(1);
        assertThat(publisher.queued()).isZero();
        publish("a", "4");
        log.latest().succeeds();
        assertThat(told).endsWith("4 stored at 0-2");
    }

    @Test
    void whileTheMasterIsKnownToBeUnavailableALaneThatIsNewQueuesToo() {
        publisher.suspend("redis");
        publish("a", "1");
        assertThat(told).containsExactly("1 queued");
        publisher.suspend("another");
        publisher.resume("another");
        publish("b", "2");
        assertThat(told).containsExactly("1 queued", "2 queued");
    }

    @Test
    void itIsIdleWhenNothingWaitsAndHasCaughtUpWhenNothingIsQueued() {
        publish("a", "1");
        AtomicBoolean idle = completed(publisher.idle());
        AtomicBoolean caughtUp = completed(publisher.caughtUp());
        assertThat(idle).isFalse();
        assertThat(caughtUp).isTrue();

        log.latest().fails(unavailable());
        caughtUp = completed(publisher.caughtUp());
        time.advanceTimeBy(AT_MOST);
        assertThat(idle).isFalse();
        assertThat(caughtUp).isFalse();

        log.latest().succeeds();
        time.advanceTimeBy(LOOK);
        assertThat(idle).isTrue();
        assertThat(caughtUp).isTrue();
    }

    @Test
    void whatAnEarlierProcessLeftComesBeforeAnythingNew() {
        ScriptedAppends fresh = new ScriptedAppends();
        Publisher restarted =
                publisher(fresh, List.of(spilled("a", "1", 1), spilled("b", "2", 2), spilled("a", "3", 3)));
        assertThat(restarted.queued()).isEqualTo(3);
        assertThat(fresh.tries).isEmpty();
        publish(restarted, "a", "4");
        assertThat(fresh.latest().ids()).containsExactly("1", "3", "4");
        assertThat(fresh.latest().source).isEqualTo("spill:node-1");
        restarted.resume("redis");
        assertThat(fresh.tries).hasSize(2);
        fresh.tries.get(0).succeeds();
        fresh.tries.get(1).succeeds();
        assertThat(fresh.log("a")).containsExactly("1", "3", "4");
        assertThat(fresh.log("b")).containsExactly("2");
        assertThat(restarted.replayed()).isEqualTo(4);
    }

    @Test
    void itStopsWhenNothingIsUnderWayAnyMoreAndReturnsNothing() {
        publish("a", "1");
        publish("a", "2");
        AtomicReference<Publisher.Rest> rest = stopped();
        publish("a", "3");
        publish("c", "4");
        assertThat(told)
                .containsExactly(
                        "3 unavailable: this node is stopping: try again",
                        "4 unavailable: this node is stopping: try again");
        log.latest().succeeds();
        time.advanceTimeBy(LOOK);
        assertThat(rest.get()).isNull();
        log.latest().succeeds();
        time.advanceTimeBy(LOOK);
        assertThat(rest(rest).events()).isEmpty();
        assertThat(told).endsWith("1 stored at 0-1", "2 stored at 0-2");
    }

    @Test
    void itWaitsForWhatIsUnderWayForSoLongAtMostAndReturnsTheRest() {
        publish("a", "1");
        publish("b", "2");
        publish("a", "3");
        AtomicReference<Publisher.Rest> rest = stopped();
        time.advanceTimeBy(AT_MOST.minusMillis(1));
        assertThat(rest.get()).isNull();
        time.advanceTimeBy(Duration.ofMillis(1));
        assertThat(ids(rest(rest))).containsExactlyInAnyOrder("1", "2", "3").containsSubsequence("1", "3");
        assertThat(log.tries).allMatch(one -> one.cancelled);
        assertThat(told).isEmpty();

        rest(rest).kept();
        assertThat(told).containsExactlyInAnyOrder("1 queued", "2 queued", "3 queued");
        time.advanceTimeBy(Duration.ofMinutes(1));
        assertThat(log.tries).hasSize(2);
    }

    @Test
    void itDoesNotWaitWhereRedisIsUnavailableAndTellsThoseWhoWereToldNothingThatTheRestIsLost() {
        publish("a", "1");
        log.latest().fails(unavailable());
        AtomicReference<Publisher.Rest> rest = stopped();
        assertThat(ids(rest(rest))).containsExactly("1");
        rest(rest).lost();
        assertThat(told).containsExactly("1 queued");
    }

    @Test
    void whoWaitsForAnAnswerIsToldWhenTheRestIsLost() {
        publish("a", "1");
        AtomicReference<Publisher.Rest> rest = stopped();
        time.advanceTimeBy(AT_MOST);
        rest(rest).lost();
        assertThat(told).containsExactly("1 unavailable: this node is stopping: try again");
    }
}
