package dev.parley.bench.scenario;

import dev.parley.bench.load.Plan;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.util.List;

/** Many answers at once, each watched by one browser. */
final class Tokens implements Scenario {

    private static final int CONVERSATIONS = 1_000;
    private static final double PER_CONVERSATION = 20;

    @Override
    public String name() {
        return "tokens";
    }

    @Override
    public String about() {
        return "1,000 conversations with one socket each, 20 events/s each and then as fast as it goes";
    }

    @Override
    public List<Phase> phases() {
        double paced = CONVERSATIONS * PER_CONVERSATION;
        return List.of(
                Phase.of("pubsub-paced", Settings.of(CONVERSATIONS, CONVERSATIONS, paced, Via.PUBSUB)),
                Phase.of("pubsub-max", Settings.of(CONVERSATIONS, CONVERSATIONS, 0, Via.PUBSUB)),
                Phase.of("durable-paced", Settings.of(CONVERSATIONS, CONVERSATIONS, paced, Via.STREAM)));
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        return Streaming.run(stage, settings, Plan.inTurn(settings.conversations()));
    }
}
