package dev.parley.bench.subject;

import dev.parley.bench.client.Dialect;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.load.Template;
import dev.parley.bench.measure.Watched;
import dev.parley.bench.peers.naive.NaiveGateway;
import dev.parley.bench.peers.raw.RawBroadcaster;
import java.io.File;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The peers that are Java programs of this jar: they run on the same JVM with the same flags as the gateway. */
final class JavaPeers {

    /** Those of bin/parley that bear on speed. */
    private static final List<String> FLAGS = List.of("-XX:+UseG1GC", "-XX:MaxRAMPercentage=50");

    private JavaPeers() {}

    static Subject raw(RedisServer redis, Launch launch, int nodes) {
        return start("raw", RawBroadcaster.class, redis, launch);
    }

    static Subject naive(RedisServer redis, Launch launch, int nodes) {
        return start("naive", NaiveGateway.class, redis, launch);
    }

    private static Subject start(String name, Class<?> program, RedisServer redis, Launch launch) {
        int port = Launched.freePort();
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java));
        command.addAll(FLAGS);
        command.addAll(List.of(
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                classPath(),
                program.getName(),
                Integer.toString(port),
                redis.uri()));
        Launched process = Launched.start(command, Map.of(), launch.directory(), name)
                .awaitOk("http://127.0.0.1:" + port + "/health");
        return new Peer(
                name,
                new InetSocketAddress("127.0.0.1", port),
                new Following(),
                published(redis),
                new Watched("gateway", process.pid()),
                redis,
                Map.of("java", Runtime.version().toString(), "redis", redis.version()),
                process);
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
