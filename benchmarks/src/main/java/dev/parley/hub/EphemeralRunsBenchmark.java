package dev.parley.hub;

import dev.parley.bench.load.Events;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Folding an answer of 500 chunks into what a snapshot shows of it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class EphemeralRunsBenchmark {

    private static final int CHUNKS = 500;

    private final AgentEvent chunk =
            EventCodec.parse(new Events(1, 300).event(42).getBytes(StandardCharsets.UTF_8));

    @Benchmark
    public List<String> snapshot() {
        EphemeralRuns runs = new EphemeralRuns();
        for (int i = 0; i < CHUNKS; i++) {
            runs.fold(chunk);
        }
        return runs.json();
    }
}
