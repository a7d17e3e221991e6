package dev.parley.bench.scenario;

/** What is said while a run goes on. */
@FunctionalInterface
public interface Progress {

    void say(String line);
}
