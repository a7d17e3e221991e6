package dev.parley.bench.micro;

import dev.parley.redis.Keys;
import io.lettuce.core.cluster.SlotHash;
import org.openjdk.jmh.annotations.Benchmark;

/** A conversation's key, and the slot that it has on a cluster. */
public class KeyBenchmark extends Micro {

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
