package dev.parley.bench.micro;

import dev.parley.redis.Keys;
import io.lettuce.core.cluster.SlotHash;
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

/** A conversation's key, and the slot that it has on a cluster. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class KeyBenchmark {

    private String conversation = "c-0001-000042";

    @Benchmark
    public String key() {
        return Keys.DEFAULT.log(conversation);
    }

    @Benchmark
    public int slot() {
        return SlotHash.getSlot(Keys.DEFAULT.log(conversation));
    }
}
