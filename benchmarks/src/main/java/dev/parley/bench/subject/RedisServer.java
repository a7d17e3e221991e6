package dev.parley.bench.subject;

import dev.parley.bench.load.Events;
import dev.parley.bench.load.Outlet;
import dev.parley.bench.load.Template;
import dev.parley.bench.measure.Watched;
import dev.parley.redis.EmbeddedRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The Redis of a run: one that is there, or one of its own. */
public final class RedisServer implements AutoCloseable {

    /** Room for a publisher that is faster than its readers: what is measured is how fast they are, not when Redis cuts them off. */
    private static final List<String> SETTINGS = List.of("client-output-buffer-limit pubsub 512mb 512mb 60");

    private final @Nullable EmbeddedRedis own;
    private final String uri;
    private final String version;
    private final long pid;

    private RedisServer(@Nullable EmbeddedRedis own, String uri) {
        this.own = own;
        this.uri = uri;
        RedisClient client = RedisClient.create(uri);
        try (StatefulRedisConnection<String, String> connection = client.connect()) {
            String info = connection.sync().info("server");
            version = field(info, "redis_version:");
            pid = Long.parseLong(field(info, "process_id:"));
        } finally {
            client.shutdown(0, 1, TimeUnit.SECONDS);
        }
    }

    /** Starts one in memory. Blocks. */
    public static RedisServer own() {
        EmbeddedRedis redis = EmbeddedRedis.start(0, SETTINGS);
        return new RedisServer(redis, redis.uri());
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
        if (own != null) {
            own.close();
        }
    }
}
