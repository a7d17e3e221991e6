package dev.parley.hub;

import static dev.parley.hub.HubFixture.ACME;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.protocol.ResumeGap;
import dev.parley.store.ScriptedEventStore.JoinRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A conversation that comes to be, for the first time or again, may be another tenant's: whose rights are checked asks the log. */
final class TenantChangeTest {

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    @Test
    void whoFollowsAConversationThatDoesNotExistAsksAgainWhenItComesToBe() {
        RecordingFollower follower = hub.live(0, ACME);
        hub.live(0, 1);
        assertThat(follower.shown()).isEmpty();
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", HubFixture.at(0), ACME));
        hub.missed(0, 1);
        hub.live(1, 2);
        assertThat(follower.shown()).isEqualTo("1 2");
    }

    @Test
    void whatBecomesAnotherTenantsIsShownToNobodyWhoseRightsAreChecked() {
        RecordingFollower follower = hub.live(0, ACME);
        RecordingFollower trusted = hub.live(0);
        hub.live(0, 1);
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(follower.shown()).isEqualTo("refused:not_found");
        assertThat(trusted.shown()).isEqualTo("1");
    }

    @Test
    void whoReadNothingAsksAgainWhenTheConversationHasComeToBeMeanwhile() {
        RecordingFollower other = hub.live(0);
        RecordingFollower follower = hub.join(ACME);
        hub.live(0, 1);
        hub.snapshot(0);
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0 refused:not_found");
        assertThat(other.shown()).isEqualTo("1");
    }

    @Test
    void whatComesLiveDuringTheFirstReadMayBeTheFirstEvent() {
        RecordingFollower follower = hub.join(ACME);
        hub.acknowledge();
        hub.live(0, 1);
        hub.snapshot(0);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0");
        hub.missed(0, 1);
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0 1");
    }

    @Test
    void whoHasSomethingOfItNeedsNotAskAgain() {
        RecordingFollower other = hub.live(1);
        RecordingFollower follower = hub.join(ACME);
        hub.live(1, 2);
        hub.snapshot(1);
        hub.nothingIsRead();
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:1 2");
        assertThat(other.shown()).isEqualTo("2");
    }

    @Test
    void aConversationThatBeginsAnewIsReadAnew() {
        RecordingFollower follower = hub.live(3, ACME);
        // Redis has lost everything.
        hub.live(0, 4);
        hub.snapshot(4, ResumeGap.Reason.LOST);
        assertThat(hub.store.joins().requests()).last().isEqualTo(new JoinRequest("c", HubFixture.at(3), ACME));
        hub.readFails(ErrorCode.NOT_FOUND);
        assertThat(follower.shown()).isEqualTo("refused:not_found");
    }
}
