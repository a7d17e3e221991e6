package dev.parley.bench.scenario;

import java.util.List;

/** All of them. */
public final class Scenarios {

    public static final List<Scenario> ALL = List.of(
            new Tokens(),
            new Fanout(),
            new Mixed(),
            new Idle(),
            new Storm(),
            new Slow(),
            new Durable(),
            new Join(),
            new Outage(),
            new Sessions(),
            new Growth(),
            new Cache(),
            new Scale(),
            new Start());

    private Scenarios() {}

    public static Scenario named(String name) {
        return ALL.stream()
                .filter(scenario -> scenario.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no scenario " + name + ": one of "
                        + String.join(", ", ALL.stream().map(Scenario::name).toList())));
    }
}
