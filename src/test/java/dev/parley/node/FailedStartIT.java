package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.config.ConfigLoader;
import dev.parley.support.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that can't start leaves nothing behind. */
class FailedStartIT {

    private static final List<String> THREADS = List.of("parley-http", "lettuce-", "parley-postgres");

    @TempDir
    private Path directory;

    private Node node(Map<String, String> more) {
        return new Node(new ConfigLoader()
                .flags(Map.of(
                        "http.port",
                        "0",
                        "management.port",
                        more.getOrDefault("management.port", "0"),
                        "redis.embedded",
                        "true",
                        "data.directory",
                        directory.toString()))
                .load()
                .gateway());
    }

    private static List<String> ours() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> THREADS.stream().anyMatch(name::startsWith))
                .toList();
    }

    private static long children() {
        return ProcessHandle.current()
                .descendants()
                .filter(ProcessHandle::isAlive)
                .count();
    }

    private void assertNothingIsLeft(int threads, long children) {
        Await.until("its threads have ended", () -> ours().size() <= threads);
        Await.until("its Redis has ended", () -> children() <= children);
    }

    @Test
    void aPortThatIsTaken() throws IOException {
        int threads = ours().size();
        long children = children();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
            Node node = node(Map.of("management.port", String.valueOf(taken.getLocalPort())));
            assertThatThrownBy(node::start).hasMessageContaining("bind");
            assertNothingIsLeft(threads, children);
            assertThat(node.stop()).as("nothing was accepted").isTrue();
        }
    }

    @Test
    void aQueueOfAnEarlierRunThatCannotBeRead() throws IOException {
        int threads = ours().size();
        long children = children();
        Files.createDirectory(directory.resolve("outage-queue.ndjson"));
        assertThatThrownBy(node(Map.of())::start).hasMessageContaining("outage-queue.ndjson");
        assertNothingIsLeft(threads, children);
    }

    @Test
    void aNodeThatIsStoppedBeforeItHasStartedDoesNotStart() {
        int threads = ours().size();
        long children = children();
        Node node = node(Map.of());
        assertThat(node.stop()).isTrue();
        assertThatThrownBy(node::start).hasMessageContaining("the node is stopping");
        assertNothingIsLeft(threads, children);
    }
}
