package dev.parley.bench.subject;

import dev.parley.bench.load.Events;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.load.Template;
import dev.parley.bench.measure.Watched;
import dev.parley.redis.EmbeddedRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/** The Redis of a run: one that is there, or one of its own. */
public final class RedisServer implements AutoCloseable {

    private static final Pattern SEVEN_OR_LATER = Pattern.compile("v=([7-9]|\\d\\d)\\.");
    private static final Duration START = Duration.ofSeconds(10);

    private final AutoCloseable own;
    private final String uri;
    private final String version;
    private final long pid;

    private RedisServer(AutoCloseable own, String uri, boolean mine) {
        this.own = own;
        this.uri = uri;
        RedisClient client = RedisClient.create(uri);
        try (StatefulRedisConnection<String, String> connection = connect(client)) {
            String info = connection.sync().info("server");
            String memory = connection.sync().info("memory");
            version = field(info, "redis_version:") + " " + field(memory, "mem_allocator:");
            pid = Long.parseLong(field(info, "process_id:"));
            if (mine) {
                // Room for a publisher that is faster than its readers: what is measured is how fast they are, not when
                // they are cut off.
                connection.sync().configSet("client-output-buffer-limit", "pubsub 536870912 536870912 60");
            }
        } finally {
            client.shutdown(0, 1, TimeUnit.SECONDS);
        }
    }

    private static StatefulRedisConnection<String, String> connect(RedisClient client) {
        long end = System.nanoTime() + START.toNanos();
        while (true) {
            try {
                return client.connect();
            } catch (RedisConnectionException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    /** Starts one in memory: the redis-server of this machine, where there is one of version 7 or later, else an embedded one. Blocks. */
    public static RedisServer own(Path directory) {
        if (!installed()) {
            EmbeddedRedis embedded = EmbeddedRedis.start();
            return new RedisServer(embedded, embedded.uri(), true);
        }
        int port = Launched.freePort();
        List<String> command = List.of(
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--save",
                "",
                "--appendonly",
                "no");
        return new RedisServer(
                Launched.start(command, Map.of(), directory, "redis"), "redis://127.0.0.1:" + port, true);
    }

    private static boolean installed() {
        try {
            Process asked = new ProcessBuilder("redis-server", "--version").start();
            String answer = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return asked.waitFor() == 0 && SEVEN_OR_LATER.matcher(answer).find();
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Uses one that is there. Blocks. */
    public static RedisServer at(String uri) {
        return new RedisServer(() -> {}, uri, false);
    }

    private static String field(String info, String name) {
        return info.lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()).strip())
                .findFirst()
                .orElse("0");
    }

    public String uri() {
        return uri;
    }

    public String version() {
        return version;
    }

    /** Itself, when it runs on this machine. */
    public List<Watched> processes() {
        try {
            boolean here = InetAddress.getByName(RedisURI.create(uri).getHost()).isLoopbackAddress();
            return here ? List.of(new Watched("redis", pid)) : List.of();
        } catch (UnknownHostException e) {
            return List.of();
        }
    }

    /** Connections that send commands. */
    List<Outlet> outlets(int connections, BiFunction<Events, Integer, Template> command) {
        RedisURI address = RedisURI.create(uri);
        List<Outlet> outlets = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            outlets.add(new Outlet() {
                @Override
                public InetSocketAddress address() {
                    return new InetSocketAddress(address.getHost(), address.getPort());
                }

                @Override
                public Protocol protocol() {
                    return Protocol.REDIS;
                }

                @Override
                public Template template(Events events, int conversation) {
                    return command.apply(events, conversation);
                }
            });
        }
        return outlets;
    }

    @Override
    public void close() {
        try {
            own.close();
        } catch (Exception e) {
            throw new IllegalStateException("Redis could not be ended", e);
        }
    }
}
