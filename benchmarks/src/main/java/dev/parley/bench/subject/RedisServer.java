package dev.parley.bench.subject;

import dev.parley.bench.load.Events;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.load.Template;
import dev.parley.bench.measure.Watched;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisLoadingException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.embedded.RedisExecProvider;

/** The Redis of a run: one that is there, or one of its own. */
public final class RedisServer implements AutoCloseable {

    private static final Pattern SEVEN_OR_LATER = Pattern.compile("v=([7-9]|\\d\\d)\\.");
    private static final Duration START = Duration.ofSeconds(10);
    private static final Duration LOADING = Duration.ofMinutes(1);
    private static final Duration BETWEEN_TRIES = Duration.ofMillis(5);

    private final @Nullable Own own;
    private final String uri;
    private String version = "";
    private long pid;

    private RedisServer(@Nullable Own own, String uri) {
        this.own = own;
        this.uri = uri;
        greet();
    }

    /** Waits until it answers. Blocks. */
    private void greet() {
        RedisClient client = RedisClient.create(uri);
        try (StatefulRedisConnection<String, String> connection = connect(client)) {
            awaitData(connection);
            String info = connection.sync().info("server");
            String memory = connection.sync().info("memory");
            version = field(info, "redis_version:") + " " + field(memory, "mem_allocator:");
            pid = Long.parseLong(field(info, "process_id:"));
            if (own != null) {
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
                LockSupport.parkNanos(BETWEEN_TRIES.toNanos());
            }
        }
    }

    /**
     * Starts one: the redis-server of this machine, where there is one of version 7 or later, else an embedded one. Blocks.
     *
     * @param keeps whether its data outlives its process: an append-only file, written before an answer goes out and synchronised every
     *     second. Otherwise it is in memory only
     */
    public static RedisServer own(Path directory, boolean keeps) {
        try {
            int port = Launched.freePort();
            Path data = Files.createTempDirectory(directory, "redis-");
            List<String> command = List.of(
                    installed() ? "redis-server" : embedded(),
                    "--bind",
                    "127.0.0.1",
                    "--port",
                    Integer.toString(port),
                    "--dir",
                    data.toString(),
                    "--save",
                    "",
                    "--appendonly",
                    keeps ? "yes" : "no");
            return new RedisServer(new Own(command, directory, data), "redis://127.0.0.1:" + port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String embedded() throws IOException {
        File binary = RedisExecProvider.defaultProvider().get();
        if (!binary.setExecutable(true)) {
            throw new IOException(binary + " can't be made executable");
        }
        binary.deleteOnExit();
        return binary.getAbsolutePath();
    }

    /** One that comes back reads its data first. */
    private static void awaitData(StatefulRedisConnection<String, String> connection) {
        long end = System.nanoTime() + LOADING.toNanos();
        while (true) {
            try {
                String unused = connection.sync().ping();
                return;
            } catch (RedisLoadingException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                LockSupport.parkNanos(BETWEEN_TRIES.toNanos());
            }
        }
    }

    /** Kills it (SIGKILL). Blocks. */
    public void kill() {
        mine().process.kill();
    }

    /** Starts it again where it was, and waits until it answers. Blocks. */
    public void restart() {
        mine().start();
        greet();
    }

    private Own mine() {
        if (own == null) {
            throw new IllegalStateException("the Redis at " + uri + " is not this run's to kill: leave out --redis");
        }
        return own;
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
        return new RedisServer(null, uri);
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
            return here && isRedis(pid) ? List.of(new Watched("redis", pid)) : List.of();
        } catch (UnknownHostException e) {
            return List.of();
        }
    }

    /** In a container it has another number than here, which may be that of any process. */
    private static boolean isRedis(long pid) {
        try {
            String program = Files.readString(Path.of("/proc/" + pid + "/comm"));
            return program.contains("redis") || program.contains("valkey");
        } catch (IOException notThere) {
            return false;
        }
    }

    /** Connections that send commands. */
    List<Outlet> outlets(int connections, BiFunction<Events, Integer, Template> command) {
        RedisURI address = RedisURI.create(uri);
        List<byte[]> greeting = greeting(address);
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
                public List<byte[]> greeting() {
                    return greeting;
                }

                @Override
                public Template template(Events events, int conversation) {
                    return command.apply(events, conversation);
                }
            });
        }
        return outlets;
    }

    /** What the address says of who comes. */
    private static List<byte[]> greeting(RedisURI address) {
        List<byte[]> greeting = new ArrayList<>();
        RedisCredentials credentials =
                address.getCredentialsProvider().resolveCredentials().block(START);
        if (credentials != null && credentials.hasPassword()) {
            String password = new String(credentials.getPassword());
            greeting.add(
                    credentials.hasUsername()
                            ? Template.plain("AUTH", credentials.getUsername(), password)
                            : Template.plain("AUTH", password));
        }
        return greeting;
    }

    @Override
    public void close() {
        if (own != null) {
            own.close();
        }
    }

    /** A server of the harness' own, and its data. */
    private static final class Own implements AutoCloseable {

        private final List<String> command;
        private final Path directory;
        private final Path data;
        private Launched process;

        Own(List<String> command, Path directory, Path data) {
            this.command = command;
            this.directory = directory;
            this.data = data;
            this.process = launch();
        }

        private Launched launch() {
            return Launched.start(command, Map.of(), directory, "redis");
        }

        void start() {
            process = launch();
        }

        @Override
        public void close() {
            process.close();
            // What should be left goes with the run's directory; but rounds can be many, and their data large.
            boolean unused = Tree.delete(data);
        }
    }
}
