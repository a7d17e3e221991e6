package dev.parley.bench.subject;

import dev.parley.bench.client.Dialect;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.load.Template;
import dev.parley.bench.measure.GcLog;
import dev.parley.bench.measure.Watched;
import dev.parley.bench.peers.naive.NaiveGateway;
import dev.parley.bench.peers.raw.RawBroadcaster;
import io.netty.util.Version;
import java.io.File;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The peers that are Java programs of this jar: they run on the same JVM with the same flags as the gateway. */
final class JavaPeers {

    private JavaPeers() {}

    static Subject raw(RedisServer redis, Launch launch, int nodes) {
        return start("raw", RawBroadcaster.class, redis, launch);
    }

    static Subject naive(RedisServer redis, Launch launch, int nodes) {
        return start("naive", NaiveGateway.class, redis, launch);
    }

    private static Subject start(String name, Class<?> program, RedisServer redis, Launch launch) {
        int port = Launched.freePort();
        GcLog gcLog = new GcLog(launch.directory().resolve("gc-" + port + ".log"));
        List<String> command = new ArrayList<>(Jvm.of(launch).command(gcLog, classPath(), program));
        command.addAll(List.of(Integer.toString(port), redis.uri()));
        Launched process = Launched.start(command, Map.of(), launch.directory(), name)
                .awaitOk("http://127.0.0.1:" + port + "/health");
        return new Peer(
                name,
                new InetSocketAddress("127.0.0.1", port),
                new Following(),
                published(redis),
                new Watched("gateway", process.pid()),
                redis,
                versions(redis, process),
                List.of(gcLog),
                process);
    }

    private static Map<String, String> versions(RedisServer redis, Launched process) {
        Map<String, String> versions = new LinkedHashMap<>();
        Jvm.version(process.pid()).ifPresent(java -> versions.put("java", java));
        Version.identify().values().stream()
                .findFirst()
                .ifPresent(netty -> versions.put("netty", netty.artifactVersion()));
        versions.put("redis", redis.version());
        return versions;
    }

    /** This program's own, from whatever directory it was started. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(element -> Path.of(element).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static List<Outlet> published(RedisServer redis) {
        return redis.outlets(
                1,
                (events, conversation) ->
                        Template.command("PUBLISH", "agent:events:" + events.type(), events.event(conversation)));
    }

    /** {@code /ws/<conversation>}, and a greeting when it follows. */
    private record Following() implements Dialect {

        @Override
        public String path(String conversation, @Nullable String since) {
            return "/ws/" + conversation;
        }

        @Override
        public Step step(String text, String conversation) {
            return text.equals("{\"type\":\"following\"}") ? Step.FOLLOWING : Step.NOTHING;
        }
    }
}
