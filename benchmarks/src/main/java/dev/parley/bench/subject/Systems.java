package dev.parley.bench.subject;

import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The systems that can be measured, by name. */
public final class Systems {

    /** Starts a system. */
    private interface Start {
        Subject start(RedisServer redis, Launch launch, int nodes);
    }

    /**
     * A system.
     *
     * @param check throws when what it needs is not there
     */
    private record Known(Consumer<Launch> check, Start start) {}

    private static final Map<String, Known> ALL = new LinkedHashMap<>();

    static {
        ALL.put("parley", new Known(Systems::checkParley, Systems::parley));
        ALL.put("raw", new Known(Jvm::of, JavaPeers::raw));
        ALL.put("naive", new Known(Jvm::of, JavaPeers::naive));
        ALL.put("nchan", new Known(Nchan::check, Nchan::start));
        ALL.put("socketio", new Known(launch -> SocketIo.check("socketio", launch), SocketIo::pubSub));
        ALL.put("socketio-streams", new Known(launch -> SocketIo.check("socketio-streams", launch), SocketIo::streams));
    }

    private Systems() {}

    public static Set<String> names() {
        return ALL.keySet();
    }

    /** Whether events can reach it that way, and as many nodes: a peer is one process. */
    public static boolean takes(String name, Via via, int nodes) {
        Known unused = named(name);
        return name.equals("parley") || (nodes == 1 && (via == Via.PUBSUB || via == Via.NONE));
    }

    /**
     * Looks whether a system can be started. Blocks.
     *
     * @throws IllegalArgumentException with what it lacks, and the command that gets it
     */
    public static void check(String name, Launch launch) {
        named(name).check().accept(launch);
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
        return named(name).start().start(redis, launch, nodes);
    }

    private static Known named(String name) {
        Known known = ALL.get(name);
        if (known == null) {
            throw new IllegalArgumentException("there is no system " + name + ": one of " + String.join(", ", names()));
        }
        return known;
    }

    private static void checkParley(Launch launch) {
        if (launch.gateway() == null && !Files.isExecutable(launch.parley().resolve("bin/parley"))) {
            throw new IllegalArgumentException(
                    "there is no gateway in " + launch.parley()
                            + ": build it with mvn -DskipTests package beside the benchmarks, or name one with --parley or --gateway");
        }
    }

    private static Subject parley(RedisServer redis, Launch launch, int nodes) {
        checkParley(launch);
        return Parley.start(redis, launch, nodes);
    }

    /** What is wrong with a peer that has to be installed. */
    static IllegalArgumentException notInstalled(String name, String lacks, Launch launch) {
        return new IllegalArgumentException("%s can't be started, %s: %s installs it, or leave it out with --with"
                .formatted(name, lacks, launch.peers().resolve("install")));
    }
}
