package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.node.Distribution;
import dev.parley.node.TestHttp;
import dev.parley.support.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A gateway as it is run in earnest: {@code bin/parley serve} in a process of its own. */
final class Node implements AutoCloseable {

    private static final Pattern ADDRESS = Pattern.compile("//([0-9.]+:[0-9]+)/");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final String name;
    private final Distribution process;
    private final String http;
    private final String management;

    private Node(String name, Distribution process) throws TimeoutException, InterruptedException {
        this.name = name;
        this.process = process;
        this.http = address(process.await("sockets     ws://"));
        this.management = address(process.await("management  http://"));
    }

    /**
     * Starts one and returns when it is ready.
     *
     * @param settings as for {@code --set}
     */
    public static Node start(Path temporary, String name, Map<String, String> settings) {
        List<String> arguments = new ArrayList<>(List.of("serve"));
        settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        Distribution process = Distribution.start(
                temporary,
                Map.of("PARLEY_NODE", name, "PARLEY_JAVA_OPTS", "-Xmx512m -Djava.io.tmpdir=" + temporary),
                arguments.toArray(String[]::new));
        try {
            Node node = new Node(name, process);
            Await.within(PATIENCE, name + " to be ready", node::ready);
            return node;
        } catch (TimeoutException | InterruptedException | RuntimeException | AssertionError e) {
            process.close();
            throw new IllegalStateException(name + " did not start", e);
        }
    }

    private static String address(String line) {
        Matcher matcher = ADDRESS.matcher(line);
        assertThat(matcher.find()).as(line).isTrue();
        return matcher.group(1);
    }

    String name() {
        return name;
    }

    URI socket() {
        return URI.create("ws://" + http + "/v1/ws");
    }

    URI http(String path) {
        return URI.create("http://" + http + path);
    }

    URI events(String conversation) {
        return http("/v1/conversations/" + conversation + "/events");
    }

    boolean ready() {
        return TestHttp.get(URI.create("http://" + management + "/health/ready"))
                        .status()
                == 200;
    }

    /** The value of a metric without labels. */
    long metric(String metric) {
        return TestHttp.get(URI.create("http://" + management + "/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith(metric + " "))
                .map(line -> (long) Double.parseDouble(line.substring(metric.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** SIGKILL. */
    void kill() {
        signal("KILL");
        int exit = process.exit();
        assertThat(exit).isEqualTo(128 + 9);
    }

    /** SIGTERM; returns when the process has ended. */
    public void stop() {
        signal("TERM");
        int exit = process.exit();
        assertThat(exit).as("%s", process.err()).isEqualTo(128 + 15);
    }

    /** SIGSTOP: its connections stay open, and it does nothing. */
    void pause() {
        signal("STOP");
    }

    /** SIGCONT. */
    void resume() {
        signal("CONT");
    }

    private void signal(String which) {
        try {
            process.signal(which);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
