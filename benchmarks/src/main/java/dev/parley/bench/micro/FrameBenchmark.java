package dev.parley.bench.micro;

import dev.parley.bench.load.Events;
import dev.parley.frame.Frame;
import dev.parley.frame.ServerFrames;
import java.nio.charset.StandardCharsets;
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

/** Making the one frame that all sockets of a conversation get. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FrameBenchmark {

    private final byte[] event = new Events(1, 300).event(42).getBytes(StandardCharsets.UTF_8);

    @Benchmark
    public Frame ephemeral() {
        return ServerFrames.event("c-0001-000042", null, null, event);
    }

    @Benchmark
    public Frame durable() {
        return ServerFrames.event("c-0001-000042", "1795420830211-0", "50071d9b-e7d5-481f-a831-e47469f2b8ec", event);
    }
}
