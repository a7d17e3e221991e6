package dev.parley.bench.subject;

import dev.parley.bench.client.Dialect;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.load.Template;
import dev.parley.bench.measure.GcLog;
import dev.parley.bench.measure.Watched;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Parley: nodes of its own, started from the distribution as users start it, or one that is there. */
final class Parley implements Subject {

    private static final String STREAM = "agent:events:stream";

    /** The group has read what is older than this, by far. */
    private static final String STREAM_LENGTH = "1000000";

    private static final int HTTP_CONNECTIONS = 64;
    private static final int HTTP_PORT = 80;

    private final @Nullable RedisServer redis;
    private final List<Launched> nodes = new ArrayList<>();
    private final List<InetSocketAddress> addresses = new ArrayList<>();
    private final List<Watched> processes = new ArrayList<>();
    private final List<GcLog> gcLogs = new ArrayList<>();
    private final Map<String, String> versions = new LinkedHashMap<>();

    private Parley(@Nullable RedisServer redis) {
        this.redis = redis;
    }

    static Parley start(RedisServer redis, Launch launch, int nodes) {
        Parley parley = new Parley(redis);
        try {
            for (int node = 0; node < nodes; node++) {
                parley.startNode(redis, launch, node);
            }
        } catch (RuntimeException e) {
            parley.close();
            throw e;
        }
        parley.versions.putAll(new Distribution(launch.parley()).versions());
        parley.putJava();
        parley.versions.put("redis", redis.version());
        if (!launch.settings().isEmpty()) {
            parley.versions.put("settings", String.join(" ", launch.settings()));
        }
        if (!launch.javaOptions().isBlank()) {
            parley.versions.put("java options", launch.javaOptions());
        }
        return parley;
    }

    /** @param redis where events are published to; null when they are not published by Redis */
    static Parley at(@Nullable RedisServer redis, URI gateway, @Nullable Long pid) {
        Parley parley = new Parley(redis);
        parley.addresses.add(
                new InetSocketAddress(gateway.getHost(), gateway.getPort() < 0 ? HTTP_PORT : gateway.getPort()));
        if (pid != null) {
            parley.processes.add(new Watched("gateway", pid));
        }
        parley.versions.put("parley", "at " + gateway);
        parley.putJava();
        if (redis != null) {
            parley.versions.put("redis", redis.version());
        }
        return parley;
    }

    private void putJava() {
        processes.stream()
                .flatMap(process -> Jvm.version(process.pid()).stream())
                .findFirst()
                .ifPresent(java -> versions.put("java", java));
    }

    private void startNode(RedisServer started, Launch launch, int node) {
        int port = Launched.freePort();
        int management = Launched.freePort();
        GcLog gcLog = new GcLog(launch.directory().resolve("gc-" + port + ".log"));
        List<String> command = new ArrayList<>(List.of(
                launch.parley().resolve("bin/parley").toString(),
                "serve",
                "--set",
                "node=bench-" + node,
                "--port",
                Integer.toString(port),
                "--management-port",
                Integer.toString(management),
                "--redis",
                started.uri()));
        launch.settings().forEach(setting -> {
            command.add("--set");
            command.add(setting);
        });
        Launched process = Launched.start(
                command,
                Map.of("PARLEY_JAVA_OPTS", (gcLog.flag() + " " + launch.javaOptions()).strip()),
                launch.directory(),
                "parley-" + node);
        nodes.add(process);
        process.awaitOk("http://127.0.0.1:" + management + "/health/ready");
        addresses.add(new InetSocketAddress("127.0.0.1", port));
        processes.add(new Watched("gateway", process.pid()));
        gcLogs.add(gcLog);
    }

    @Override
    public String name() {
        return "parley";
    }

    @Override
    public List<InetSocketAddress> nodes() {
        return addresses;
    }

    @Override
    public Dialect dialect() {
        return new ParleyDialect();
    }

    @Override
    public List<Outlet> outlets(Via via) {
        return switch (via) {
            case PUBSUB ->
                events().outlets(
                                1,
                                (events, conversation) -> Template.command(
                                        "PUBLISH", "agent:events:" + events.type(), events.event(conversation)));
            case STREAM ->
                events().outlets(
                                1,
                                (events, conversation) -> Template.command(
                                        "XADD",
                                        STREAM,
                                        "MAXLEN",
                                        "~",
                                        STREAM_LENGTH,
                                        "*",
                                        "event",
                                        events.type(),
                                        "payload",
                                        events.payload(conversation),
                                        "timestamp",
                                        Events.TIME));
            case HTTP -> http();
            case CALL, NONE ->
                throw new IllegalArgumentException("events are not published by " + via + ": leave out --via");
        };
    }

    private RedisServer events() {
        if (redis == null) {
            throw new IllegalStateException("no Redis was named");
        }
        return redis;
    }

    private List<Outlet> http() {
        List<Outlet> outlets = new ArrayList<>();
        for (int i = 0; i < HTTP_CONNECTIONS; i++) {
            InetSocketAddress node = addresses.get(i % addresses.size());
            outlets.add(new Outlet() {
                @Override
                public InetSocketAddress address() {
                    return node;
                }

                @Override
                public Protocol protocol() {
                    return Protocol.HTTP;
                }

                @Override
                public Template template(Events events, int conversation) {
                    return Template.post(
                            node.getHostString(),
                            "/v1/conversations/" + events.conversation(conversation) + "/events",
                            "application/json",
                            events.event(conversation));
                }
            });
        }
        return outlets;
    }

    @Override
    public List<Watched> processes() {
        return redis == null
                ? processes
                : Stream.concat(processes.stream(), redis.processes().stream()).toList();
    }

    @Override
    public List<GcLog> gcLogs() {
        return gcLogs;
    }

    @Override
    public Map<String, String> versions() {
        return versions;
    }

    @Override
    public void close() {
        nodes.forEach(Launched::close);
    }
}
