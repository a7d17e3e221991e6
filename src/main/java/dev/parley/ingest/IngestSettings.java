package dev.parley.ingest;

import dev.parley.redis.RedisSettings;
import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code parley.ingest}: what agents publish through Redis. */
public interface IngestSettings {

    @Doc("whether the node subscribes to the channels `agent:events:*`")
    @WithDefault("true")
    boolean channels();

    @Doc(
            value =
                    "names of the durable streams, each read by one node at a time (see below); an empty list in the file, or"
                            + " `--set ingest.streams=`, reads none",
            bounds = "list of ids")
    @WithDefault("agent:events:stream")
    Optional<List<String>> streams();

    @Doc("maximum number of entries per read; a read returns about 4 MiB at most")
    @WithDefault("10000")
    @Bounds(least = "1", most = "10000")
    int batch();

    @Doc("time after which a node that does not renew its lease loses a stream to another node")
    @WithDefault("5s")
    @Bounds(least = "500ms", most = "10m")
    Duration lease();

    @Doc("number of attempts before an entry that keeps failing is moved to `<stream>:dead`")
    @WithDefault("5")
    @Bounds(least = "1", most = "1000")
    int maxDeliveries();

    /**
     * Longest time between two looks at a stream's lease. A node registers as a reader, and renews the lease that it holds, at least as often.
     */
    default Duration beat() {
        Duration quarter = lease().dividedBy(4);
        return quarter.compareTo(RedisSettings.LONGEST_BLOCK) < 0 ? quarter : RedisSettings.LONGEST_BLOCK;
    }
}
