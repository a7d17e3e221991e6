package dev.parley.chaos;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.parley.redis.RedisBinary;
import dev.parley.support.Await;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** A Redis in a process of its own, which can be killed and started again on its port, with what it had or without. */
final class RedisServer implements AutoCloseable {

    private static final int FIRST_PORT = 12_000;
    private static final int PORTS = 20_000;
    private static final Duration CLIENT_TIMEOUT = Duration.ofSeconds(2);

    private final Path directory;
    private final Path binary;
    private final int port;
    private final ClientResources resources = DefaultClientResources.builder()
            .reconnectDelay(Delay.constant(Duration.ofMillis(50)))
            .build();
    private final RedisClient client;
    private Process process;

    private RedisServer(Path directory, Path binary, int port) throws IOException {
        this.directory = directory;
        this.binary = binary;
        this.port = port;
        this.client = RedisClient.create(
                resources,
                RedisURI.builder(RedisURI.create(uri()))
                        .withTimeout(CLIENT_TIMEOUT)
                        .build());
        client.setOptions(ClientOptions.builder()
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .build());
        this.process = launch();
    }

    /** @param keeps whether each write is on disk before it is answered; else nothing survives the process */
    static RedisServer start(Path directory, Random random, boolean keeps) {
        try {
            Path binary = RedisBinary.unpack(directory);
            int port = FIRST_PORT + random.nextInt(PORTS);
            Files.write(
                    directory.resolve("redis.conf"),
                    List.of(
                            "bind 127.0.0.1",
                            "port " + port,
                            "dir \"" + directory + "\"",
                            "save \"\"",
                            "appendonly " + (keeps ? "yes" : "no"),
                            "appendfsync always",
                            "logfile \"" + directory.resolve("redis.log") + "\""));
            return new RedisServer(directory, binary, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process launch() throws IOException {
        Process launched = new ProcessBuilder(
                        binary.toString(), directory.resolve("redis.conf").toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("redis.out").toFile())
                .start();
        Await.within(Duration.ofSeconds(30), "Redis to answer on port " + port, () -> {
            if (!launched.isAlive()) {
                throw new IllegalStateException("Redis ended: " + Files.readString(directory.resolve("redis.log")));
            }
            return answers();
        });
        return launched;
    }

    private boolean answers() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(1_000);
            socket.getOutputStream().write("PING\r\n".getBytes(US_ASCII));
            return new String(socket.getInputStream().readNBytes(5), US_ASCII).equals("+PONG");
        } catch (IOException e) {
            return false;
        }
    }

    String uri() {
        return "redis://127.0.0.1:" + port;
    }

    /** A connection of its own, as an agent has it: a command that can't be sent now fails at once, one without an answer after 2 s. */
    RedisCommands<String, String> connect() {
        return client.connect().sync();
    }

    /** SIGKILL. */
    void kill() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** After {@link #kill}; returns when it answers, and has loaded what it kept. */
    void restart() {
        try {
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGSTOP: its connections stay open, and nothing answers. */
    void pause() {
        Signals.send("STOP", process.pid());
    }

    /** SIGCONT. */
    void resume() {
        Signals.send("CONT", process.pid());
    }

    @Override
    public void close() {
        client.shutdown(0, 2, TimeUnit.SECONDS);
        var unused = resources.shutdown(200, 2_000, TimeUnit.MILLISECONDS);
        kill();
    }
}
