package dev.parley.bench.subject;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a system is started with.
 *
 * @param gateway a gateway that is there and is used instead of starting one
 * @param gatewayPid its process, when it runs on this machine and should be watched
 * @param redis a Redis that is there and is used instead of starting one
 * @param parley the gateway's distribution
 * @param peers the directory with the peers
 * @param settings of the gateway, {@code key=value}
 * @param javaOptions for its JVM
 * @param directory where processes run and write
 */
public record Launch(
        @Nullable URI gateway,
        @Nullable Long gatewayPid,
        @Nullable String redis,
        Path parley,
        Path peers,
        List<String> settings,
        String javaOptions,
        Path directory) {}
