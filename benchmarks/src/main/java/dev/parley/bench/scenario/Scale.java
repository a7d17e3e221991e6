package dev.parley.bench.scenario;

import dev.parley.bench.load.Plan;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.util.ArrayList;
import java.util.List;

/** How the cost of an event grows with what is there. */
final class Scale implements Scenario {

    private static final double DELIVERIES = 20_000;

    @Override
    public String name() {
        return "scale";
    }

    @Override
    public String about() {
        return "cost as conversations, sockets of a conversation and nodes grow, and of what is hosted elsewhere";
    }

    @Override
    public List<Phase> phases() {
        List<Phase> phases = new ArrayList<>();
        for (int conversations : new int[] {100, 1_000, 10_000}) {
            phases.add(Phase.of(
                    "conversations-" + conversations,
                    Settings.of(conversations, conversations, DELIVERIES, Via.PUBSUB)));
        }
        for (int sockets : new int[] {1, 10, 1_000}) {
            phases.add(Phase.of(
                    "sockets-" + sockets, Settings.of(1_000 / sockets, 1_000, DELIVERIES / sockets, Via.PUBSUB)));
        }
        for (int nodes : new int[] {1, 2}) {
            phases.add(Phase.of(
                    "nodes-" + nodes,
                    Settings.of(1_000, 1_000, DELIVERIES, Via.PUBSUB).nodes(nodes)));
        }
        // Ten conversations are hosted here, the events of all the others are read and dropped.
        phases.add(Phase.of("elsewhere", Settings.of(10_000, 10, 100_000, Via.PUBSUB)));
        return phases;
    }

    @Override
    public Round run(Stage stage, Settings settings) throws InterruptedException {
        return Streaming.run(stage, settings, Plan.inTurn(settings.conversations()));
    }
}
