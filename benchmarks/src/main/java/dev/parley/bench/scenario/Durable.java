package dev.parley.bench.scenario;

import dev.parley.bench.load.Plan;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.util.List;

/** Events that must not be lost, from XADD or POST to the socket, as fast as it goes. */
final class Durable implements Scenario {

    /** A batch of 500 hardly ever has two events of one conversation. */
    private static final int CONVERSATIONS = 1_000;

    /** A batch has several of each. */
    private static final int FEW = 100;

    @Override
    public String name() {
        return "durable";
    }

    @Override
    public String about() {
        return "1,000 and 100 conversations with one socket each, XADD (and then POST) to socket, as fast as it goes";
    }

    @Override
    public List<Phase> phases() {
        return List.of(
                Phase.of("stream-max", Settings.of(CONVERSATIONS, CONVERSATIONS, 0, Via.STREAM)),
                Phase.of("stream-max-few", Settings.of(FEW, FEW, 0, Via.STREAM)),
                Phase.of(
                        "http-max",
                        Settings.of(CONVERSATIONS, CONVERSATIONS, 0, Via.HTTP).window(1_000)));
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        return Streaming.run(stage, settings, Plan.inTurn(settings.conversations()));
    }
}
