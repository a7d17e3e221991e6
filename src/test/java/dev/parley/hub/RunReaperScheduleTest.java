package dev.parley.hub;

import static dev.parley.hub.HubFixture.CHECK_INTERVAL;
import static dev.parley.hub.HubFixture.LINGER;
import static dev.parley.hub.HubFixture.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.store.LogHead;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** Durable runs whose agents have died: the hub has the log look at those of the conversations that it hosts. */
final class RunReaperScheduleTest {

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    private void checksFindRuns(boolean runs) {
        hub.store.glances().answerEach(names -> Flux.just(Map.of("c", new LogHead(at(1), runs))));
    }

    private int looks() {
        return hub.store.endedRuns().requests().size();
    }

    @BeforeEach
    void theHubIsOpen() {
        checksFindRuns(true);
        hub.hub.open();
    }

    @Test
    void conversationsWithRunsAreLookedAtWithEachCheck() {
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        assertThat(hub.store.endedRuns().requests()).containsExactly("c");
        hub.store.endedRuns().next().complete();
        hub.pass(CHECK_INTERVAL);
        assertThat(looks()).isEqualTo(2);
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void conversationsWithoutRunsAreNotLookedAt() {
        checksFindRuns(false);
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        assertThat(looks()).isZero();
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void aRunWhoseLeaseIsOverBeforeTheNextCheckIsLookedAtThen() {
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        checksFindRuns(false);
        hub.store.endedRuns().next().answer(Duration.ofSeconds(3));
        hub.pass(Duration.ofMillis(2_999));
        assertThat(looks()).isEqualTo(1);
        hub.pass(Duration.ofMillis(1));
        assertThat(looks()).isEqualTo(2);
        hub.store.endedRuns().next().answer(Duration.ofSeconds(1));
        hub.pass(Duration.ofSeconds(1));
        assertThat(looks()).isEqualTo(3);
        hub.store.endedRuns().next().complete();
        hub.pass(CHECK_INTERVAL);
        assertThat(looks()).isEqualTo(3);
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void aRunWhoseLeaseIsLongerIsLookedAtWithTheNextCheck() {
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        hub.store.endedRuns().next().answer(CHECK_INTERVAL);
        checksFindRuns(false);
        hub.pass(CHECK_INTERVAL.multipliedBy(3));
        assertThat(looks()).isEqualTo(1);
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void oneTimerIsEnoughForAConversation() {
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        hub.store.endedRuns().next().answer(Duration.ofSeconds(5));
        hub.hub.recheck();
        assertThat(looks()).isEqualTo(2);
        hub.store.endedRuns().next().answer(Duration.ofSeconds(5));
        hub.pass(Duration.ofSeconds(5));
        assertThat(looks()).as("one look for both").isEqualTo(3);
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void whatIsNotHostedAnyMoreIsNotLookedAt() {
        RecordingFollower follower = hub.live(1);
        follower.leave();
        hub.pass(LINGER.minusSeconds(5));
        while (hub.store.endedRuns().waiting() > 0) {
            hub.store.endedRuns().next().complete();
        }
        hub.hub.recheck();
        hub.store.endedRuns().next().answer(Duration.ofSeconds(6));
        int before = looks();
        hub.pass(Duration.ofMillis(4_999));
        checksFindRuns(false);
        hub.pass(Duration.ofSeconds(5));
        assertThat(hub.hub.hosts("c")).isFalse();
        assertThat(looks()).isEqualTo(before);
    }

    @Test
    void aLookThatFailsIsFollowedByTheNext() {
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        hub.store.endedRuns().next().fail(new IllegalStateException("as it should in this test"));
        hub.pass(CHECK_INTERVAL);
        assertThat(looks()).isEqualTo(2);
        assertThat(follower.shown()).isEmpty();
    }

    // The watch alone.

    private RunReaperSchedule watch(Predicate<String> isHosted) {
        return new RunReaperSchedule(hub.store, CHECK_INTERVAL, isHosted);
    }

    @Test
    void someAreLookedAtAtOnceAndTheOthersInTurn() {
        List<String> many = IntStream.range(0, 100).mapToObj(i -> "c" + i).toList();
        Disposable looking = watch(name -> true).look(many).subscribe();
        assertThat(hub.store.endedRuns().waiting()).isEqualTo(64);
        for (int i = 0; i < 100; i++) {
            assertThat(looking.isDisposed()).isFalse();
            hub.store.endedRuns().next().complete();
        }
        assertThat(looking.isDisposed()).isTrue();
    }

    @Test
    void aWatchThatIsClosedPlansNothingMore() {
        RunReaperSchedule watch = watch(name -> true);
        Disposable first = watch.look(List.of("c")).subscribe();
        hub.store.endedRuns().next().answer(Duration.ofSeconds(1));
        Disposable second = watch.look(List.of("d")).subscribe();
        watch.dispose();
        hub.store.endedRuns().next().answer(Duration.ofSeconds(1));
        hub.pass(CHECK_INTERVAL.minusSeconds(1));
        assertThat(hub.store.endedRuns().requests()).containsExactly("c", "d");
        assertThat(first.isDisposed() && second.isDisposed()).isTrue();
    }
}
