package dev.parley.bench.scenario;

import dev.parley.bench.subject.Via;

/** One part of a scenario, measured by itself. */
public record Phase(String name, Settings settings) {

    static Phase of(String name, Settings settings) {
        return new Phase(name, settings);
    }

    /** Whether it needs a system that takes events that way. */
    public Via via() {
        return settings.via();
    }
}
