package dev.parley.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Results out of thin air. */
public final class Sample {

    private Sample() {}

    /** One figure, with a value for each round. */
    public static Result of(String place, String system, String figure, double... values) {
        List<Round> rounds = new ArrayList<>();
        for (double value : values) {
            Round round = new Round();
            round.put(figure, value);
            rounds.add(round);
        }
        return of(place, system, rounds);
    }

    public static Result of(String place, String system, List<Round> rounds) {
        String[] parts = place.split("/", 2);
        return Result.of(parts[0], parts[1], system, Map.of("rate", "500.0"), Map.of("redis", "7.0.15"), rounds);
    }

    public static Results results(Result... results) {
        Machine machine = new Machine(2, 2048, "a CPU", "an OS", "17");
        return new Results("2026-11-23T09:34:56Z", "run tokens", machine, List.of(results));
    }
}
