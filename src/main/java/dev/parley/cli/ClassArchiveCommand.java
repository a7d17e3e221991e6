package dev.parley.cli;

import dev.parley.config.ConfigLoader;
import dev.parley.node.Node;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code bin/parley} runs this under a flag that makes the JVM write down, at its end, the classes it has loaded. */
@Command(
        name = "class-archive",
        description =
                "Starts a node for a moment, with a Redis of its own, and keeps what the JVM loaded for it in parley.jsa:"
                        + " later starts with the same JVM take that, and a third less time.")
final class ClassArchiveCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Override
    public Integer call() {
        Map<String, String> alone = new HashMap<>();
        alone.put("parley.http.port", "0");
        alone.put("parley.management.port", "0");
        alone.put("parley.redis.uri", "redis://127.0.0.1:1");
        Node gateway = new Node(new ConfigLoader()
                .demo()
                .environment(Map.of())
                .flags(alone)
                .load()
                .gateway());
        gateway.start();
        try {
            gateway.awaitRedis(PATIENCE);
        } finally {
            gateway.stop();
        }
        return 0;
    }
}
