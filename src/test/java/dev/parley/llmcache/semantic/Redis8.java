package dev.parley.llmcache.semantic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.redis.TestServer;
import dev.parley.support.Await;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A Redis with vector sets, as {@code .ci/debian} lays it out. Where that is absent, tests are skipped, and fail on CI. */
final class Redis8 implements TestServer {

    private static final Path SERVER = Path.of("target/redis8/redis-server");

    private final Process process;
    private final RedisClient client;
    private final RedisCommands<String, String> commands;
    private final String uri;

    private Redis8(int port) throws IOException {
        Path directory = Files.createDirectories(Path.of("target/redis8-data"));
        this.process = new ProcessBuilder(
                        SERVER.toAbsolutePath().toString(),
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--save",
                        "")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("redis.out").toFile())
                .start();
        this.uri = "redis://127.0.0.1:" + port;
        this.client = RedisClient.create(RedisURI.create(uri));
        this.commands = connected();
    }

    static Redis8 start() {
        boolean there = Files.isExecutable(SERVER);
        if (Boolean.parseBoolean(System.getenv("CI"))) {
            assertThat(there).describedAs(".ci/debian has made %s", SERVER).isTrue();
        }
        assumeTrue(there, "NO REDIS 8: vector sets are not tested; run .ci/debian");
        try {
            return new Redis8(freePort());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    private RedisCommands<String, String> connected() {
        Await.until("Redis 8 answers", () -> {
            try {
                client.connect().close();
                return true;
            } catch (RedisConnectionException e) {
                return false;
            }
        });
        return client.connect().sync();
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public RedisCommands<String, String> commands() {
        return commands;
    }

    @Override
    public void close() {
        client.shutdown(0, 2, TimeUnit.SECONDS);
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
