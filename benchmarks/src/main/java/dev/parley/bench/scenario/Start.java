package dev.parley.bench.scenario;

import dev.parley.bench.measure.Usages;
import dev.parley.bench.result.Round;
import dev.parley.bench.subject.Via;
import java.time.Duration;
import java.util.List;

/** From the start of the process until it is ready. */
final class Start implements Scenario {

    @Override
    public String name() {
        return "start";
    }

    @Override
    public String about() {
        return "process start to ready";
    }

    @Override
    public List<Phase> phases() {
        return List.of(Phase.of("start", Settings.of(1, 0, 0, Via.NONE).duration(Duration.ZERO)));
    }

    @Override
    public boolean startsTheGateway() {
        return true;
    }

    @Override
    public Round run(Stage stage, Settings settings) {
        Round round = new Round();
        Costs costs = Costs.ofStart(stage);
        long start = System.nanoTime();
        stage.subject();
        round.put("ready_s", (System.nanoTime() - start) / 1e9);
        Usages used = costs.processes(round);
        if (used.has("gateway")) {
            round.put("gateway_cpu_s", used.of("gateway").cpu());
        }
        return round;
    }
}
