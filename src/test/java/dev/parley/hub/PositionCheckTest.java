package dev.parley.hub;

import static dev.parley.hub.HubFixture.CHECK_INTERVAL;
import static dev.parley.hub.HubFixture.TRUSTED;
import static dev.parley.hub.HubFixture.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.ResumeGap;
import dev.parley.redis.Keys;
import dev.parley.store.LogHead;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import dev.parley.support.ScriptedCalls;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Last positions are compared with the logs' now and then: so even a lost last message is found. */
final class PositionCheckTest {

    private static final Duration SOON = Duration.ofMillis(20);

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    private ScriptedCalls.Call<Set<String>, Map<String, LogHead>> check() {
        return hub.store.glances().next();
    }

    private void logEndsAt(int last) {
        check().answer(Map.of("c", new LogHead(at(last), false)));
    }

    @Test
    void aLastMessageThatWasLostIsFoundWithTheNextCheck() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL.minusMillis(1));
        assertThat(hub.store.glances().waiting()).isZero();
        hub.pass(Duration.ofMillis(1));
        logEndsAt(2);
        hub.missed(1, 2);
        assertThat(follower.shown()).isEqualTo("2");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
    }

    @Test
    void nothingIsReadWhileTheLogEndsWhereTheConversationIs() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        for (int i = 0; i < 3; i++) {
            hub.pass(CHECK_INTERVAL);
            logEndsAt(1);
        }
        hub.nothingIsRead();
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void aLogThatEndsBeforeHasLostItsTailAndEverybodyIsTold() {
        hub.hub.open();
        RecordingFollower follower = hub.live(3);
        hub.pass(CHECK_INTERVAL);
        logEndsAt(1);
        hub.snapshot(1, ResumeGap.Reason.FUTURE);
        assertThat(follower.shown()).isEqualTo("gap:future snapshot:1");
    }

    @Test
    void whatHasComeMeanwhileNeedsNoRepair() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        hub.live(1, 2);
        logEndsAt(2);
        hub.nothingIsRead();
        assertThat(follower.shown()).isEqualTo("2");
    }

    @Test
    void aRepairThatIsUnderWayIsTheAnswer() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.live(2, 3);
        hub.pass(CHECK_INTERVAL);
        logEndsAt(3);
        hub.missed(1, 2, 3);
        hub.nothingIsRead();
        assertThat(follower.shown()).isEqualTo("2 3");
        assertThat(hub.hub.repairCount()).isEqualTo(1);
    }

    @Test
    void whatWasStoredAndTheLogDoesNotHaveIsFoundLost() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.hub.stored("c", at(2));
        hub.pass(CHECK_INTERVAL);
        logEndsAt(1);
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", at(2), null));
        hub.snapshot(1, ResumeGap.Reason.FUTURE);
        hub.live(1, 3);
        assertThat(follower.shown()).isEqualTo("gap:future snapshot:1 3");
        hub.pass(CHECK_INTERVAL);
        logEndsAt(3);
        hub.nothingIsRead();
    }

    @Test
    void aConversationWhoseMasterDoesNotAnswerIsLeftAsItIs() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        check().complete();
        hub.nothingIsRead();
        hub.pass(CHECK_INTERVAL);
        check().answer(Map.of());
        hub.nothingIsRead();
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void aCheckThatFailsIsFollowedByTheNext() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL);
        check().fail(new IllegalStateException("as it should in this test"));
        hub.pass(CHECK_INTERVAL);
        logEndsAt(2);
        hub.missed(1, 2);
        assertThat(follower.shown()).isEqualTo("2");
    }

    @Test
    void aCheckThatIsNotAnsweredKeepsTheNextFromBeginning() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        hub.pass(CHECK_INTERVAL.multipliedBy(5));
        assertThat(hub.store.glances().requests()).hasSize(1);
        logEndsAt(1);
        hub.pass(CHECK_INTERVAL);
        assertThat(hub.store.glances().requests().size()).isGreaterThan(1);
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void aConversationOfWhichNothingWasReadIsNotAskedFor() {
        hub.hub.open();
        RecordingFollower follower = hub.join();
        hub.acknowledge();
        hub.pass(CHECK_INTERVAL);
        assertThat(hub.store.glances().requests()).isEmpty();
        hub.snapshot(1);
        hub.pass(CHECK_INTERVAL);
        assertThat(check().request()).containsExactly("c");
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:1");
    }

    @Test
    void allThatIsHostedIsAskedForAtOnce() {
        hub.hub.open();
        RecordingFollower follower = hub.live(1);
        RecordingFollower other = followOther("d");
        hub.snapshot(5);
        hub.pass(CHECK_INTERVAL);
        ScriptedCalls.Call<Set<String>, Map<String, LogHead>> check = check();
        assertThat(check.request()).containsExactlyInAnyOrder("c", "d");
        check.answer(Map.of("c", new LogHead(at(1), false), "d", new LogHead(at(6), false)));
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("d", at(5), null));
        assertThat(follower.shown() + " " + other.shown()).isEqualTo(" subscribed snapshot:5");
    }

    private RecordingFollower followOther(String conversation) {
        RecordingFollower follower = new RecordingFollower();
        follower.follows(hub.hub.subscribe(conversation, follower, TRUSTED, null, null));
        hub.channels.acknowledge(Keys.DEFAULT.live(conversation));
        return follower;
    }

    @Test
    void anAcknowledgementAfterAReconnectIsFollowedByACheck() {
        RecordingFollower follower = hub.live(1);
        hub.acknowledge();
        hub.acknowledge();
        assertThat(hub.store.glances().waiting()).isZero();
        hub.pass(SOON);
        logEndsAt(2);
        assertThat(hub.store.glances().waiting()).as("one for both").isZero();
        hub.missed(1, 2);
        assertThat(follower.shown()).isEqualTo("2");
    }

    @Test
    void acknowledgementsOfManyConversationsShareACheckAndLaterOnesHaveTheirOwn() {
        RecordingFollower one = hub.live(1);
        RecordingFollower other = followOther("d");
        hub.snapshot(5);
        hub.acknowledge();
        hub.channels.acknowledge(Keys.DEFAULT.live("d"));
        hub.pass(SOON);
        assertThat(check().request()).containsExactlyInAnyOrder("c", "d");
        hub.acknowledge();
        hub.pass(SOON);
        assertThat(check().request()).containsExactly("c");
        assertThat(one.shown() + " " + other.shown()).isEqualTo(" subscribed snapshot:5");
    }

    @Test
    void whenRedisIsBackEverythingIsCheckedImmediately() {
        RecordingFollower follower = hub.live(1);
        hub.hub.recheck();
        logEndsAt(2);
        hub.missed(1, 2);
        assertThat(follower.shown()).isEqualTo("2");
    }
}
