package dev.parley.bench.scenario;

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
        return List.of(Phase.of("start", Settings.of(1, 0, 0, Via.PUBSUB).duration(Duration.ZERO)));
    }

    @Override
    public Round run(Stage stage, Settings settings) {
        Round round = new Round();
        long start = System.nanoTime();
        stage.subject();
        round.put("ready_s", (System.nanoTime() - start) / 1e9);
        stage.subject().processes().stream()
                .filter(process -> process.role().equals("gateway"))
                .findFirst()
                .ifPresent(gateway -> {
                    round.put("gateway_cpu_s", gateway.usage().cpu());
                    round.put("gateway_rss_mib", gateway.usage().rss() / 1048576.0);
                });
        return round;
    }
}
