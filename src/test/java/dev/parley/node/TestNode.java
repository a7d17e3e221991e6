package dev.parley.node;

import dev.parley.config.ConfigLoader;
import dev.parley.redis.TestRedis;
import dev.parley.support.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A gateway in this JVM, on free ports, at the tests' Redis unless told otherwise. */
public final class TestNode implements AutoCloseable {

    private final Node gateway;

    private TestNode(Node gateway) {
        this.gateway = gateway;
    }

    /** Keys with or without {@code parley.}, as for {@code --set}. */
    public static TestNode start(String... keysAndValues) {
        Map<String, String> flags = new HashMap<>(Map.of(
                "http.port", "0",
                "management.port", "0",
                "redis.uri", TestRedis.uri(),
                "shutdown.drain", "0s",
                "data.directory", temporary().toString()));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            flags.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        Node gateway = new Node(new ConfigLoader().flags(flags).load().gateway());
        gateway.start();
        gateway.awaitRedis(Patience.ofSeconds(10));
        return new TestNode(gateway);
    }

    private static Path temporary() {
        try {
            Path directory = Files.createTempDirectory("parley-test-");
            directory.toFile().deleteOnExit();
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Node gateway() {
        return gateway;
    }

    public URI socket() {
        return URI.create("ws://" + gateway.httpAddress() + "/v1/ws");
    }

    public URI http(String path) {
        return URI.create("http://" + gateway.httpAddress() + path);
    }

    public URI management(String path) {
        return URI.create("http://" + gateway.managementAddress() + path);
    }

    /** A meter's value now, of all its labels together; 0 where there is none. */
    public double metric(String name) {
        return TestHttp.get(management("/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    /** Whether nothing that was accepted is lost. */
    public boolean stop() {
        return gateway.stop();
    }

    @Override
    public void close() {
        gateway.stop();
    }
}
