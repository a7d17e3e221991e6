package dev.parley.hub;

import static dev.parley.hub.HubFixture.CHECK_INTERVAL;
import static dev.parley.hub.HubFixture.SILENCE;
import static dev.parley.hub.HubFixture.ephemeral;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** Events that come by plain Pub/Sub, and the runs that they are of. */
final class EphemeralEventsTest {

    @RegisterExtension
    private final HubFixture hub = new HubFixture();

    @BeforeEach
    void theHubIsOpen() {
        hub.store.glances().answerEach(names -> Mono.empty());
        hub.hub.open();
    }

    private void note(int n) {
        assertThat(hub.hub.publishEphemeral(ephemeral(HubFixture.event(n)))).isTrue();
    }

    private void run(String event, String more) {
        assertThat(hub.hub.publishEphemeral(ephemeral("{'event':'" + event
                        + "','payload':{'conversation_id':'c','run':'r','agent':'a'" + more + "}}")))
                .isTrue();
    }

    private void chunk(String text) {
        run("agent.response.streaming", ",'chunk':'" + text + "'");
    }

    private JsonNode runsOfWhoJoins() {
        RecordingFollower follower = hub.join();
        hub.snapshot(0);
        JsonNode runs = follower.last("snapshot").path("runs");
        follower.leave();
        return runs;
    }

    @Test
    void anEphemeralEventIsShownToEveryoneWhoFollowsLive() {
        RecordingFollower first = hub.live(0);
        RecordingFollower second = hub.live(0);
        RecordingFollower reading = hub.join();
        note(1);
        hub.snapshot(0);
        assertThat(first.shown()).isEqualTo("~1");
        assertThat(second.shown()).isEqualTo("~1");
        assertThat(reading.shown()).isEqualTo("subscribed snapshot:0");
        assertThat(first.frame(2)).as("encoded once").isSameAs(second.frame(2));
    }

    @Test
    void anEphemeralEventOfAConversationThatIsNotHostedIsNotTaken() {
        assertThat(hub.hub.publishEphemeral(ephemeral(HubFixture.event(1)))).isFalse();
    }

    @Test
    void moreThanWaitsForTheLoopIsNotTaken() {
        RecordingFollower follower = hub.join(hub.slow(), HubFixture.TRUSTED, null);
        String large = HubFixture.event(1).replace("\"n\"", "\"x\":\"" + "x".repeat(60_000) + "\",\"n\"");
        int taken = 0;
        while (hub.hub.publishEphemeral(ephemeral(large))) {
            taken++;
        }
        assertThat((long) taken * large.length()).isBetween(31L << 20, 32L << 20);
        assertThat(hub.turn()).isTrue();
        assertThat(hub.hub.publishEphemeral(ephemeral(large))).isTrue();
        assertThat(follower.shown()).isEmpty();
    }

    @Test
    void durableEventsThatAreTooManyForTheLoopAreReadFromTheLog() {
        RecordingFollower follower = hub.join(hub.slow(), HubFixture.TRUSTED, null);
        hub.acknowledge();
        hub.turn();
        hub.snapshot(0);
        hub.turn();
        String event = HubFixture.event(0);
        String large = event.replace("\"n\":0", "\"n\":1,\"x\":\"" + "x".repeat(33 << 20) + "\"");
        hub.publish("0 1-0 - " + large.length() + " " + large);
        assertThat(hub.turn()).as("it was taken").isFalse();
        hub.live(1, 2);
        hub.turn();
        hub.missed(0, 1, 2);
        hub.turn();
        assertThat(follower.shown()).isEqualTo("subscribed snapshot:0 1 2");
    }

    @Test
    void whoJoinsInTheMiddleOfARunSeesItSoFar() {
        RecordingFollower unused = hub.live(0);
        chunk("hello ");
        chunk("world");
        JsonNode runs = runsOfWhoJoins();
        assertThat(runs).hasSize(1);
        assertThat(runs.get(0).path("text").asText()).isEqualTo("hello world");
        run("agent.run.completed", "");
        assertThat(runsOfWhoJoins()).isEmpty();
    }

    @Test
    void whatComesAfterTheEndOfItsRunIsLate() {
        RecordingFollower follower = hub.live(0);
        chunk("x");
        run("agent.run.completed", "");
        chunk("y");
        assertThat(follower.shown())
                .isEqualTo("~agent.response.streaming ~agent.run.completed ~agent.response.streaming!");
        assertThat(runsOfWhoJoins()).isEmpty();
    }

    @Test
    void aDurableEndEndsTheRunThatEphemeralEventsHaveShown() {
        RecordingFollower follower = hub.live(0);
        chunk("x");
        String end =
                "{\"event\":\"agent.run.completed\",\"payload\":{\"conversation_id\":\"c\",\"run\":\"r\",\"agent\":\"a\",\"n\":1}}";
        hub.publish("0 1-0 - " + end.length() + " " + end);
        assertThat(follower.shown()).isEqualTo("~agent.response.streaming 1");
        RecordingFollower second = hub.join();
        hub.snapshot(1);
        assertThat(second.last("snapshot").path("runs")).isEmpty();
    }

    @Test
    void aRunOfWhichNothingIsHeardForItsLeaseIsFailedForEverybodyHere() {
        RecordingFollower follower = hub.live(0);
        chunk("x");
        hub.pass(SILENCE.minus(CHECK_INTERVAL));
        chunk("y");
        hub.pass(SILENCE);
        assertThat(follower.news()).isEqualTo("~agent.response.streaming ~agent.response.streaming");
        assertThat(runsOfWhoJoins()).hasSize(1);
        hub.pass(CHECK_INTERVAL);
        assertThat(follower.news()).isEqualTo("~agent.run.failed");
        JsonNode event = follower.last("event").path("event").path("payload");
        assertThat(event.path("run").asText()).isEqualTo("r");
        assertThat(event.path("agent").asText()).isEqualTo("a");
        assertThat(event.path("error").path("code").asText()).isEqualTo("agent_lost");
        hub.pass(SILENCE.multipliedBy(2));
        assertThat(follower.shown()).as("told once").isEmpty();
        assertThat(runsOfWhoJoins()).isEmpty();
    }

    @Test
    void whoJoinsBetweenTheEndOfALeaseAndTheCheckIsNotShownTheRun() {
        RecordingFollower unused = hub.live(0);
        hub.pass(Duration.ofSeconds(1));
        run("agent.run.started", ",'lease_ms':20000");
        hub.pass(Duration.ofSeconds(20));
        assertThat(runsOfWhoJoins()).hasSize(1);
        hub.pass(Duration.ofSeconds(1));
        assertThat(runsOfWhoJoins()).isEmpty();
    }

    @Test
    void theLeaseThatARunDeclaresCountsForIt() {
        RecordingFollower follower = hub.live(0);
        run("agent.run.started", ",'lease_ms':15000");
        hub.pass(CHECK_INTERVAL);
        assertThat(follower.news()).isEqualTo("~agent.run.started");
        hub.pass(CHECK_INTERVAL);
        assertThat(follower.shown()).isEqualTo("~agent.run.failed");
    }

    @Test
    void aLostRunsAgentMayStillSayAllOfIt() {
        RecordingFollower follower = hub.live(0);
        run("agent.run.started", ",'lease_ms':5000");
        hub.pass(CHECK_INTERVAL);
        chunk("late");
        run("agent.run.completed", ",'content':'all'");
        run("agent.run.completed", ",'content':'all'");
        assertThat(follower.shown())
                .isEqualTo("~agent.run.started ~agent.run.failed ~agent.response.streaming! ~agent.run.completed"
                        + " ~agent.run.completed!");
    }
}
