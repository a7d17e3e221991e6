package dev.parley.bench.micro;

import dev.parley.bench.load.Events;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** An event that came by Pub/Sub: to its conversation's id, and to the end. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RoutingBenchmark {

    @Param({"300", "4000"})
    int bytes;

    private byte[] event = new byte[0];

    @org.openjdk.jmh.annotations.Setup
    public void make() {
        event = new Events(1, bytes).event(42).getBytes(StandardCharsets.UTF_8);
    }

    @Benchmark
    public @Nullable String conversation() {
        return EventCodec.conversation(event);
    }

    @Benchmark
    public AgentEvent wholeEvent() {
        return EventCodec.parse(event);
    }
}
