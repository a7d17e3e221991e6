package dev.parley.bench.micro;

import dev.parley.bench.load.Events;
import dev.parley.hub.HostingSettings;
import dev.parley.hub.Hub;
import dev.parley.hub.HubSettings;
import dev.parley.ingest.PubSubSource;
import dev.parley.redis.Keys;
import dev.parley.redis.RedisSettings;
import dev.parley.store.RunSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * An event that came by Pub/Sub and whose conversation has no socket on this node, from its bytes until it is dropped: all that such an
 * event costs a node besides reading it from Redis.
 */
public class ElsewhereBenchmark extends Micro {

    private static final Duration ANY = Duration.ofSeconds(1);

    @Param({"300", "4000"})
    int bytes;

    private final String channel = "agent:events:" + new Events(1, 300).type();
    private byte[] event = new byte[0];
    private PubSubSource source = new PubSubSource(conversation -> false, event -> false);

    @Setup
    public void make() {
        event = new Events(1, bytes).event(42).getBytes(StandardCharsets.UTF_8);
        Hub hub = hub();
        source = new PubSubSource(hub::hosts, hub::publishEphemeral);
    }

    /** Nothing is hosted, so it asks nobody for a log or a channel. */
    private static Hub hub() {
        return new Hub(null, null, Keys.DEFAULT, new Settings(), null, conversation -> {});
    }

    private record Settings() implements HubSettings {

        @Override
        public HostingSettings hub() {
            return new Hosting(ANY, ANY);
        }

        @Override
        public RunSettings runs() {
            throw new IllegalStateException("nothing is hosted");
        }

        @Override
        public RedisSettings redis() {
            throw new IllegalStateException("nothing is hosted");
        }
    }

    private record Hosting(Duration linger, Duration checkInterval) implements HostingSettings {}

    @Benchmark
    public void dropped() {
        source.message(channel, event);
    }
}
