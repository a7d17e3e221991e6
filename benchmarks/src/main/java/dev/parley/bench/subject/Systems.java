package dev.parley.bench.subject;

import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The systems that can be measured, by name. */
public final class Systems {

    /** Starts a system. */
    private interface Start {
        Subject start(RedisServer redis, Launch launch, int nodes);
    }

    private static final Map<String, Start> ALL = new LinkedHashMap<>();

    static {
        ALL.put("parley", Systems::parley);
        ALL.put("raw", JavaPeers::raw);
        ALL.put("naive", JavaPeers::naive);
        ALL.put("nchan", Nchan::start);
        ALL.put("socketio", SocketIo::pubSub);
        ALL.put("socketio-streams", SocketIo::streams);
    }

    private Systems() {}

    public static Set<String> names() {
        return ALL.keySet();
    }

    /** Whether events can reach it that way, and as many nodes: a peer is one process. */
    public static boolean takes(String name, Via via, int nodes) {
        Start unused = named(name);
        return name.equals("parley") || (nodes == 1 && (via == Via.PUBSUB || via == Via.NONE));
    }

    /**
     * Starts a system. Blocks until it is ready.
     *
     * @param redis may be null for a gateway that is there
     */
    public static Subject start(String name, @Nullable RedisServer redis, Launch launch, int nodes) {
        if (name.equals("parley") && launch.gateway() != null) {
            return Parley.at(redis, launch.gateway(), launch.gatewayPid());
        }
        if (redis == null) {
            throw new IllegalArgumentException(name + " needs a Redis");
        }
        return named(name).start(redis, launch, nodes);
    }

    private static Start named(String name) {
        Start start = ALL.get(name);
        if (start == null) {
            throw new IllegalArgumentException("there is no system " + name + ": one of " + String.join(", ", names()));
        }
        return start;
    }

    private static Subject parley(RedisServer redis, Launch launch, int nodes) {
        if (!Files.isExecutable(launch.parley().resolve("bin/parley"))) {
            throw new IllegalArgumentException(
                    "there is no gateway in " + launch.parley()
                            + ": build it with mvn -DskipTests package beside the benchmarks, or name one with --parley or --gateway");
        }
        return Parley.start(redis, launch, nodes);
    }
}
