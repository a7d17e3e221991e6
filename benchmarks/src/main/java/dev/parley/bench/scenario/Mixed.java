package dev.parley.bench.scenario;

import dev.parley.bench.load.Plan;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.util.List;

/** A working day: most sockets are idle, the others get their events in bursts. */
final class Mixed implements Scenario {

    private static final int CONVERSATIONS = 2_000;
    private static final int ACTIVE_OF = 5;
    private static final int BURST = 25;

    @Override
    public String name() {
        return "mixed";
    }

    @Override
    public String about() {
        return "2,000 conversations, 80 % of them idle, the others in bursts of 25 events";
    }

    @Override
    public List<Phase> phases() {
        return List.of(
                Phase.of("pubsub", Settings.of(CONVERSATIONS, CONVERSATIONS, 10_000, Via.PUBSUB)),
                Phase.of("durable", Settings.of(CONVERSATIONS, CONVERSATIONS, 10_000, Via.STREAM)));
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        int active = Math.max(1, settings.conversations() / ACTIVE_OF);
        return Streaming.run(stage, settings, Plan.bursts(active, BURST));
    }
}
