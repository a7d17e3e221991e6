package dev.parley.hub;

import dev.parley.bench.load.Events;
import dev.parley.bench.micro.Micro;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/** Folding an answer of 500 chunks into what a snapshot shows of it. */
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class EphemeralRunsBenchmark extends Micro {

    private static final int CHUNKS = 500;

    private final AgentEvent chunk =
            EventCodec.parse(new Events(1, 300).event(42).getBytes(StandardCharsets.UTF_8));

    @Benchmark
    public List<String> snapshot() {
        EphemeralRuns runs = new EphemeralRuns(Duration.ofMinutes(5), System::nanoTime);
        for (int i = 0; i < CHUNKS; i++) {
            runs.fold(chunk);
        }
        return runs.json();
    }
}
