package dev.parley.bench.subject;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.bench.client.Dialect;
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
import org.jspecify.annotations.Nullable;

/** Socket.IO on Node; events are written to Redis as its emitters write them (peers/socketio/README.md). */
final class SocketIo {

    private static final ObjectMapper JSON = new ObjectMapper();
    /** More than is ever on its way: the adapter's own 10,000 would trim what it has not read yet. */
    private static final String STREAM_LENGTH = "100000";

    private SocketIo() {}

    static void check(String name, Launch launch) {
        if (Asked.of("node", "--version").isEmpty()) {
            throw new IllegalArgumentException(name
                    + " can't be started, there is no node: install Node 20 or later, or leave it out with --with");
        }
        // npm writes this file last.
        if (!Files.exists(launch.peers().resolve("socketio/node_modules/.package-lock.json"))) {
            throw Systems.notInstalled(name, "its modules are not there", launch);
        }
    }

    static Subject pubSub(RedisServer redis, Launch launch, int nodes) {
        return start("socketio", "redis", redis, launch, redis.outlets(1, SocketIo::publish));
    }

    static Subject streams(RedisServer redis, Launch launch, int nodes) {
        return start("socketio-streams", "streams", redis, launch, redis.outlets(1, SocketIo::add));
    }

    private static Subject start(String name, String adapter, RedisServer redis, Launch launch, List<Outlet> outlets) {
        Path directory = launch.peers().resolve("socketio");
        int port = Launched.freePort();
        Launched process = Launched.start(
                        List.of(
                                "node",
                                directory.resolve("server.js").toString(),
                                "--port",
                                Integer.toString(port),
                                "--redis",
                                redis.uri(),
                                "--adapter",
                                adapter),
                        Map.of(),
                        launch.directory(),
                        name)
                .awaitOk("http://127.0.0.1:" + port + "/health");
        return new Peer(
                name,
                new InetSocketAddress("127.0.0.1", port),
                new EngineIo(),
                outlets,
                new Watched("gateway", process.pid()),
                redis,
                versions(redis, directory.resolve("node_modules"), adapter),
                List.of(),
                process);
    }

    private static Map<String, String> versions(RedisServer redis, Path modules, String adapter) {
        Map<String, String> versions = new LinkedHashMap<>();
        Asked.of("node", "--version").ifPresent(node -> versions.put("node", node));
        String adapterModule =
                adapter.equals("redis") ? "@socket.io/redis-adapter" : "@socket.io/redis-streams-adapter";
        for (String module : List.of("socket.io", adapterModule)) {
            versions.put(module, version(modules.resolve(module)));
        }
        versions.put("redis", redis.version());
        return versions;
    }

    /** The one that is installed. */
    private static String version(Path module) {
        try {
            return JSON.readTree(module.resolve("package.json").toFile())
                    .path("version")
                    .asText();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Template publish(Events events, int conversation) {
        String name = events.conversation(conversation);
        byte[] message = new MessagePack()
                .array(3)
                .text("emitter")
                .map(3)
                .text("type")
                .small(2)
                .text("data")
                .array(2)
                .text("event")
                .json(events.event(conversation))
                .text("nsp")
                .text("/")
                .map(3)
                .text("rooms")
                .array(1)
                .text(name)
                .text("flags")
                .map(0)
                .text("except")
                .array(0)
                .bytes();
        return Template.command(MessagePack.utf8("PUBLISH"), MessagePack.utf8("socket.io#/#" + name + "#"), message);
    }

    private static Template add(Events events, int conversation) {
        String data = "{\"packet\":{\"type\":2,\"data\":[\"event\"," + events.event(conversation)
                + "],\"nsp\":\"/\"},\"opts\":{\"rooms\":[\"" + events.conversation(conversation)
                + "\"],\"flags\":{},\"except\":[]}}";
        return Template.command(
                "XADD",
                "socket.io",
                "MAXLEN",
                "~",
                STREAM_LENGTH,
                "*",
                "uid",
                "emitter",
                "nsp",
                "/",
                "type",
                "3",
                "data",
                data);
    }

    /** Engine.IO 4 and Socket.IO 5 over it. */
    private record EngineIo() implements Dialect {

        @Override
        public String path(String conversation, @Nullable String since) {
            return "/socket.io/?EIO=4&transport=websocket";
        }

        @Override
        public Step step(String text, String conversation) {
            if (text.startsWith("0")) {
                return Step.answer("40");
            }
            if (text.startsWith("40")) {
                return Step.answer("42[\"subscribe\",\"" + conversation + "\"]");
            }
            if (text.equals("42[\"following\"]")) {
                return Step.FOLLOWING;
            }
            return text.equals("2") ? Step.answer("3") : Step.NOTHING;
        }
    }
}
