package dev.parley.bench.subject;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
        Path directory) {

    private static final String PREFIX = "parley.";

    /** The same with more settings, but for those that it has already. */
    public Launch with(List<String> more) {
        Set<String> own = settings.stream().map(Launch::key).collect(Collectors.toSet());
        List<String> all = Stream.concat(
                        more.stream().filter(setting -> !own.contains(key(setting))), settings.stream())
                .toList();
        return new Launch(gateway, gatewayPid, redis, parley, peers, all, javaOptions, directory);
    }

    /** Whether the gateway is given this setting. */
    public boolean sets(String key) {
        return settings.stream().anyMatch(setting -> key(setting).equals(key));
    }

    /** Whether a jar whose name begins so lies beside the distribution's own, in {@code extensions/}. */
    public boolean hasExtension(String jar) {
        String[] names = parley.resolve("extensions").toFile().list((folder, name) -> name.startsWith(jar));
        return names != null && names.length > 0;
    }

    private static String key(String setting) {
        String name = setting.substring(0, Math.max(0, setting.indexOf('=')));
        return name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
    }
}
