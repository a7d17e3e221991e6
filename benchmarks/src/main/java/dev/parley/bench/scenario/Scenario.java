package dev.parley.bench.scenario;

import dev.parley.bench.result.Round;
import java.util.List;

/** Something that is done to a system. One small class each; {@link Scenarios} lists them. */
public interface Scenario {

    String name();

    /** One line that says what it does. */
    String about();

    /** Its parts, as they are when nothing else is asked for. */
    List<Phase> phases();

    /** Whether it needs a Redis that keeps its data when it is killed. */
    default boolean redisKeepsData() {
        return false;
    }

    /** Whether it is the start of the gateway that counts, so that one that is there is not for it. */
    default boolean startsTheGateway() {
        return false;
    }

    /** Settings that the gateway needs for it, {@code key=value}; those that a run was given go before them. */
    default List<String> gateway() {
        return List.of();
    }

    /** Does one part once, on a system that has just been started. Blocks. */
    Round run(Stage stage, Settings settings) throws InterruptedException;
}
