package dev.parley.hub;

import static dev.parley.hub.HubFixture.CHANNEL;
import static dev.parley.hub.HubFixture.CHECK_INTERVAL;
import static dev.parley.hub.HubFixture.LINGER;
import static dev.parley.hub.HubFixture.TRUSTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.redis.Keys;
import dev.parley.store.JoinResult;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import dev.parley.support.ScriptedCalls;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which conversations a node hosts, from the first follower to the linger after the last. */
final class HostingTest {

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    @Test
    void theFirstFollowerSubscribesAndTheOthersShareThat() {
        assertThat(hub.hub.hosts("c")).isFalse();
        RecordingFollower first = hub.join();
        RecordingFollower second = hub.join();
        assertThat(hub.channels.channels()).containsExactly(CHANNEL);
        assertThat(hub.hub.hosts("c")).isTrue();
        assertThat(hub.hub.size()).isEqualTo(1);
        assertThat(first.shown() + second.shown()).isEmpty();
    }

    @Test
    void theLastToLeaveUnsubscribesAfterALinger() {
        RecordingFollower first = hub.live(1);
        RecordingFollower second = hub.live(1);
        first.leave();
        hub.pass(LINGER);
        assertThat(hub.hub.hosts("c")).isTrue();
        second.leave();
        hub.pass(LINGER.minusMillis(1));
        assertThat(hub.channels.channels()).containsExactly(CHANNEL);
        hub.pass(Duration.ofMillis(1));
        assertThat(hub.channels.channels()).isEmpty();
        assertThat(hub.hub.hosts("c")).isFalse();
        assertThat(hub.hub.size()).isZero();
    }

    @Test
    void whoComesDuringTheLingerFindsTheConversationAsItWas() {
        RecordingFollower first = hub.live(1);
        first.leave();
        hub.live(1, 2);
        hub.pass(LINGER.minusMillis(1));
        RecordingFollower second = hub.resume(2);
        hub.readFails();
        hub.pass(LINGER);
        hub.live(2, 3);
        assertThat(second.shown()).isEqualTo("resumed:2 3");
        assertThat(hub.hub.hosts("c")).isTrue();
    }

    @Test
    void whoComesAfterTheLingerBeginsAnew() {
        RecordingFollower first = hub.live(1);
        first.leave();
        hub.pass(LINGER);
        RecordingFollower second = hub.resume(1);
        hub.nothingIsRead();
        hub.acknowledge();
        hub.missed(1, 2);
        hub.pass(LINGER.multipliedBy(2));
        hub.live(2, 3);
        assertThat(second.shown()).isEqualTo("resumed:1 2 3");
    }

    @Test
    void whoIsRefusedHasLeft() {
        RecordingFollower follower = hub.join();
        hub.pass(HubFixture.JOIN_TIMEOUT);
        assertThat(follower.shown()).isEqualTo("refused:unavailable");
        follower.leave();
        hub.pass(LINGER);
        assertThat(hub.channels.channels()).isEmpty();
    }

    @Test
    void eachLastOneToLeaveIsFollowedByAWholeLinger() {
        RecordingFollower first = hub.live(1);
        first.leave();
        hub.pass(LINGER.dividedBy(2));
        RecordingFollower second = hub.live(1);
        second.leave();
        hub.pass(LINGER.minusMillis(1));
        assertThat(hub.hub.hosts("c")).isTrue();
        hub.pass(Duration.ofMillis(1));
        assertThat(hub.hub.hosts("c")).isFalse();
    }

    @Test
    void conversationsAreNoMatterOfEachOther() {
        RecordingFollower c = hub.live(1);
        RecordingFollower d = new RecordingFollower();
        d.follows(hub.hub.subscribe("d", d, TRUSTED, null, null));
        hub.channels.acknowledge(Keys.DEFAULT.live("d"));
        hub.snapshot(7);
        hub.live(1, 2);
        c.leave();
        hub.pass(LINGER);
        assertThat(hub.hub.size()).isEqualTo(1);
        assertThat(c.shown()).isEqualTo("2");
        assertThat(d.shown()).isEqualTo("subscribed snapshot:7");
    }

    // A loop with other work: what was told before is handled in its order, whatever has happened meanwhile.

    private RecordingFollower slowJoin() {
        RecordingFollower follower = hub.join(hub.slow(), TRUSTED, null);
        hub.turn();
        return follower;
    }

    @Test
    void everythingIsDoneOnTheFirstFollowersLoop() {
        RecordingFollower first = slowJoin();
        RecordingFollower second = hub.join();
        hub.acknowledge();
        hub.nothingIsRead();
        hub.turn();
        hub.snapshot(1);
        hub.snapshot(1);
        assertThat(first.shown() + second.shown()).isEmpty();
        hub.turn();
        assertThat(first.shown()).isEqualTo("subscribed snapshot:1");
        assertThat(second.shown()).isEqualTo("subscribed snapshot:1");
    }

    @Test
    void anAnswerThatComesWithAFarewellIsShownToNobody() {
        RecordingFollower follower = slowJoin();
        hub.acknowledge();
        hub.turn();
        follower.leave();
        hub.snapshot(1);
        hub.turn();
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void aFailureThatComesWithAFarewellIsToldToNobody() {
        RecordingFollower follower = slowJoin();
        hub.acknowledge();
        hub.turn();
        follower.leave();
        hub.readFails();
        hub.turn();
        assertThat(follower.shown()).isEmpty();
        assertThat(hub.archive.requests()).isEmpty();
    }

    @Test
    void anArchiveThatComesWithAFarewellIsShownToNobody() {
        hub.archive.answerByHand();
        RecordingFollower found = slowJoin();
        RecordingFollower notFound = slowJoin();
        hub.pass(HubFixture.JOIN_TIMEOUT);
        hub.turn();
        found.leave();
        notFound.leave();
        hub.archive.next().answer(new SnapshotFallback.Recalled("null", "[]"));
        hub.archive.next().complete();
        hub.turn();
        hub.pass(HubFixture.LONGEST_RETRY);
        assertThat(found.shown() + notFound.shown()).isEmpty();
    }

    @Test
    void roomThatComesWithAFarewellIsReadForNobody() {
        RecordingFollower follower = slowJoin();
        follower.fill();
        hub.acknowledge();
        hub.turn();
        hub.snapshot(1);
        hub.turn();
        follower.leave();
        follower.makeRoom();
        hub.turn();
        hub.nothingIsRead();
        assertThat(follower.shown()).isEmpty();
    }

    // The end.

    @Test
    void aHubThatIsClosedReadsAndChecksNothingMore() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        RecordingFollower reading = hub.join();
        ScriptedCalls.Call<JoinRequest, JoinResult> read = hub.store.joins().next();
        hub.live(2, 3);
        ScriptedCalls.Call<JoinRequest, JoinResult> repair = hub.store.joins().next();
        hub.acknowledge();
        follower.leave();
        reading.leave();
        hub.hub.dispose();
        assertThat(read.isCancelled()).isTrue();
        assertThat(repair.isCancelled()).isTrue();
        hub.pass(CHECK_INTERVAL.multipliedBy(10));
        hub.hub.recheck();
        assertThat(hub.store.glances().requests()).isEmpty();
        hub.nothingIsRead();
        assertThat(reading.shown()).isEmpty();
    }

    @Test
    void aHubThatIsClosedDoesNotOpen() {
        hub.hub.dispose();
        assertThatThrownBy(hub.hub::open)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the hub is closed");
    }

    @Test
    void aLoopThatHasEndedIsNoErrorOfWhoeverTells() {
        RecordingFollower follower = new RecordingFollower(task -> {
            throw new RejectedExecutionException("the loop has ended");
        });
        follower.follows(hub.hub.subscribe("c", follower, TRUSTED, null, null));
        hub.acknowledge();
        hub.live(0, 1);
        assertThat(follower.shown()).isEmpty();
    }
}
