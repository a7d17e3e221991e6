package dev.parley.bench.scenario;

import dev.parley.bench.load.Plan;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.util.List;

/** One answer that many watch. */
final class Fanout implements Scenario {

    private static final int SOCKETS = 1_000;

    @Override
    public String name() {
        return "fanout";
    }

    @Override
    public String about() {
        return "one conversation with 1,000 sockets, 20 events/s and then as fast as it goes";
    }

    @Override
    public List<Phase> phases() {
        return List.of(
                Phase.of("pubsub-paced", Settings.of(1, SOCKETS, 20, Via.PUBSUB)),
                Phase.of("pubsub-max", Settings.of(1, SOCKETS, 0, Via.PUBSUB).window(200 * SOCKETS)));
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        return Streaming.run(stage, settings, Plan.inTurn(settings.conversations()));
    }
}
