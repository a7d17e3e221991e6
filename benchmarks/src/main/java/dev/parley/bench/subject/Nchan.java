package dev.parley.bench.subject;

import dev.parley.bench.client.AtOnce;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.load.Template;
import dev.parley.bench.measure.Watched;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * nginx with Nchan, its messages in Redis. Events come by HTTP, since Nchan knows no other way in; a connection has one request under way
 * at a time.
 */
final class Nchan {

    private static final int CONNECTIONS = 64;

    private static final Pattern LOAD_MODULE = Pattern.compile("(?m)^\\s*load_module\\s+([^;\\s]+);");

    private static final String NCHAN_VERSION = "nchan version:";

    private Nchan() {}

    static void check(Launch launch) {
        if (Asked.of("nginx", "-v").isEmpty()) {
            throw Systems.notInstalled("nchan", "there is no nginx", launch);
        }
        Matcher module = LOAD_MODULE.matcher(configuration(launch));
        while (module.find()) {
            if (!Files.exists(Path.of(module.group(1)))) {
                throw Systems.notInstalled("nchan", "there is no " + module.group(1), launch);
            }
        }
    }

    private static String configuration(Launch launch) {
        try {
            return Files.readString(launch.peers().resolve("nchan/nginx.conf"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Subject start(RedisServer redis, Launch launch, int nodes) {
        int port = Launched.freePort();
        Path directory = launch.directory();
        Path configuration = directory.resolve("nginx-" + port + ".conf");
        try {
            Files.writeString(
                    configuration,
                    configuration(launch)
                            .replace("@PORT@", Integer.toString(port))
                            .replace("@REDIS@", redis.uri())
                            .replace("@DIR@", directory.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Launched process = Launched.start(
                        List.of("nginx", "-e", "stderr", "-p", directory.toString(), "-c", configuration.toString()),
                        Map.of(),
                        directory,
                        "nchan")
                .awaitOk("http://127.0.0.1:" + port + "/health");
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", port);
        return new Peer(
                "nchan",
                address,
                new AtOnce(),
                IntStream.range(0, CONNECTIONS)
                        .mapToObj(i -> (Outlet) new Posts(address))
                        .toList(),
                new Watched("gateway", process.pid(), true),
                redis,
                versions(redis, process.read("http://127.0.0.1:" + port + "/nchan")),
                List.of(),
                process);
    }

    /** @param status what Nchan says of itself */
    private static Map<String, String> versions(RedisServer redis, String status) {
        Map<String, String> versions = new LinkedHashMap<>();
        Asked.of("nginx", "-v").ifPresent(said -> versions.put("nginx", said.substring(said.lastIndexOf('/') + 1)));
        status.lines()
                .filter(line -> line.startsWith(NCHAN_VERSION))
                .findFirst()
                .ifPresent(line -> versions.put(
                        "nchan", line.substring(NCHAN_VERSION.length()).strip()));
        versions.put("redis", redis.version());
        return versions;
    }

    private record Posts(InetSocketAddress address) implements Outlet {

        @Override
        public Protocol protocol() {
            return Protocol.HTTP;
        }

        @Override
        public Template template(Events events, int conversation) {
            return Template.post(
                    address.getHostString(),
                    "/pub/" + events.conversation(conversation),
                    "application/json",
                    events.event(conversation));
        }
    }
}
