package dev.parley.bench.micro;

import dev.parley.bench.load.Events;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** An event that came by Pub/Sub: to its conversation's id, and to the end. */
public class RoutingBenchmark extends Micro {

    @Param({"300", "4000"})
    int bytes;

    private byte[] event = new byte[0];

    @Setup
    public void make() {
        event = new Events(1, bytes).event(42).getBytes(StandardCharsets.UTF_8);
    }

    @Benchmark
    public @Nullable AgentEvent conversation() {
        return EventCodec.parseIf(conversation -> false, event);
    }

    @Benchmark
    public AgentEvent wholeEvent() {
        return EventCodec.parse(event);
    }
}
