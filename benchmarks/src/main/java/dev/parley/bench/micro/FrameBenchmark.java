package dev.parley.bench.micro;

import dev.parley.bench.load.Events;
import dev.parley.protocol.EncodedFrame;
import dev.parley.protocol.ServerFrames;
import java.nio.charset.StandardCharsets;
import org.openjdk.jmh.annotations.Benchmark;

/** Making the one frame that all sockets of a conversation get. */
public class FrameBenchmark extends Micro {

    private final byte[] event = new Events(1, 300).event(42).getBytes(StandardCharsets.UTF_8);

    @Benchmark
    public EncodedFrame ephemeral() {
        return ServerFrames.event("c-0001-000042", null, null, false, event);
    }

    @Benchmark
    public EncodedFrame durable() {
        return ServerFrames.event(
                "c-0001-000042", "1795420830211-0", "50071d9b-e7d5-481f-a831-e47469f2b8ec", false, event);
    }
}
