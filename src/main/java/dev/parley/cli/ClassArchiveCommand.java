package dev.parley.cli;

import dev.parley.config.ConfigLoader;
import dev.parley.node.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * {@code bin/parley} runs this under a flag that makes the JVM write down, at its end, the classes it has loaded. The class path is that of
 * {@code serve}, which has no Redis: a server that accepts connections and sends nothing stands for it. Nearly all classes of a start are
 * loaded without an answer.
 */
@Command(
        name = "class-archive",
        description =
                "Starts a node for a moment, on free ports and without a Redis, and keeps what the JVM loaded for it in"
                        + " parley.jsa: later starts with the same JVM take that, and a third less time.")
final class ClassArchiveCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    @Override
    public Integer call() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
            run("redis://127.0.0.1:" + silent.getLocalPort());
        }
        return 0;
    }

    private static void run(String redis) {
        Node gateway = new Node(new ConfigLoader()
                .environment(Map.of())
                .flags(Map.of(
                        "parley.http.port",
                        "0",
                        "parley.management.port",
                        "0",
                        "parley.console.enabled",
                        "true",
                        "parley.redis.uri",
                        redis))
                .load()
                .gateway());
        gateway.start();
        try {
            gateway.awaitRedis(PATIENCE);
        } finally {
            gateway.stop();
        }
    }
}
