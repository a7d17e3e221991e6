package dev.parley.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EmbeddedRedisIT {

    @Test
    void itAnswersOnTheLoopbackAddressWithoutPersistence() {
        try (EmbeddedRedis redis = EmbeddedRedis.start()) {
            assertThat(URI.create(redis.uri()))
                    .hasScheme("redis")
                    .hasHost("127.0.0.1")
                    .hasPort(redis.port());
            assertThat(ask(redis, "PING")).isEqualTo("+PONG");
            assertThat(askForList(redis, "CONFIG GET save")).containsExactly("save", "");
            assertThat(askForList(redis, "CONFIG GET appendonly")).containsExactly("appendonly", "no");
            assertThat(askForList(redis, "CONFIG GET bind")).containsExactly("bind", "127.0.0.1");
            assertThat(redis.version()).startsWith("7.");
        }
    }

    @Test
    void itsDirectoryIsForItsOwnerOnlyAndGoesWithIt() throws IOException {
        Path directory;
        try (EmbeddedRedis redis = EmbeddedRedis.start()) {
            directory = directory(redis);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                    .isEqualTo("rwx------");
        }
        assertThat(directory).doesNotExist();
    }

    @Test
    void itComesBackEmptyOnTheSamePort() {
        int port;
        try (EmbeddedRedis redis = EmbeddedRedis.start()) {
            port = redis.port();
            assertThat(ask(redis, "SET key value")).isEqualTo("+OK");
        }
        try (EmbeddedRedis again = EmbeddedRedis.start(port, List.of())) {
            assertThat(again.port()).isEqualTo(port);
            assertThat(ask(again, "EXISTS key")).isEqualTo(":0");
        }
    }

    @Test
    void itComesBackOnTheSamePortAfterAKillWithAClientConnected() throws IOException {
        EmbeddedRedis redis = EmbeddedRedis.start();
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
            client.getOutputStream().write("PING\r\n".getBytes(US_ASCII));
            assertThat(client.getInputStream().readNBytes(7)).asString(US_ASCII).isEqualTo("+PONG\r\n");
            redis.kill();
            assertThat(redis.running()).isFalse();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            try (EmbeddedRedis again = EmbeddedRedis.start(redis.port(), List.of())) {
                assertThat(ask(again, "PING")).isEqualTo("+PONG");
            }
        }
    }

    @Test
    void twoRunAtOnce() {
        try (EmbeddedRedis one = EmbeddedRedis.start();
                EmbeddedRedis other = EmbeddedRedis.start()) {
            assertThat(ask(one, "SET key value")).isEqualTo("+OK");
            assertThat(ask(other, "EXISTS key")).isEqualTo(":0");
            assertThat(one.port()).isNotEqualTo(other.port());
        }
    }

    @Test
    void settingsAreTakenButNeverOpenItToTheNetwork() {
        List<String> settings = List.of("requirepass secret", "bind 0.0.0.0", "loglevel warning");
        try (EmbeddedRedis redis = EmbeddedRedis.start(0, settings)) {
            assertThat(ask(redis, "PING")).startsWith("-NOAUTH");
            assertThat(ask(redis, "AUTH secret\r\nCONFIG GET bind")).isEqualTo("+OK");
            assertThat(askForList(redis, "AUTH secret\r\nCONFIG GET bind")).containsExactly("bind", "127.0.0.1");
        }
    }

    @Test
    void aTakenPortIsSaid() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() ->
                            EmbeddedRedis.start(taken.getLocalPort(), List.of()).close())
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("Failed listening on port %d", taken.getLocalPort());
        }
    }

    @Test
    void aSettingThatRedisRefusesIsSaid() {
        assertThatThrownBy(() ->
                        EmbeddedRedis.start(0, List.of("no-such-setting 1")).close())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("no-such-setting");
    }

    @Test
    void aPausedServerHoldsItsConnectionsAndAnswersOnceItGoesOn() throws IOException {
        try (EmbeddedRedis redis = EmbeddedRedis.start();
                Socket client = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
            redis.pause();
            client.setSoTimeout(200);
            client.getOutputStream().write("PING\r\n".getBytes(US_ASCII));
            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            redis.resume();
            client.setSoTimeout(5000);
            assertThat(client.getInputStream().read()).isEqualTo('+');
        }
    }

    @Test
    void aPausedServerStopsWithoutWaiting() {
        EmbeddedRedis redis = EmbeddedRedis.start();
        redis.pause();
        long asked = System.nanoTime();
        redis.stop();
        assertThat(redis.running()).isFalse();
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Patience.ofSeconds(4));
    }

    @Test
    void stoppingTwiceIsHarmless() {
        EmbeddedRedis redis = EmbeddedRedis.start();
        redis.stop();
        redis.stop();
        assertThat(redis.running()).isFalse();
    }

    @Test
    void aJvmThatIsKilledTakesItAlongAndLeavesNoFiles(@TempDir Path temporary) throws Exception {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + temporary,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Owner.class.getName())
                .start();
        try (BufferedReader lines = jvm.inputReader(UTF_8)) {
            String line = lines.readLine();
            while (!line.startsWith("port ")) {
                line = lines.readLine();
            }
            int port = Integer.parseInt(line.substring("port ".length()));
            assertThat(names(temporary)).singleElement().asString().startsWith("parley-redis-");
            jvm.destroyForcibly();
            assertThat(jvm.waitFor(Patience.ofSeconds(5).toMillis(), TimeUnit.MILLISECONDS))
                    .isTrue();
            Await.until("nothing is left", () -> names(temporary).isEmpty());
            assertThatThrownBy(() -> ask(port, "PING")).isInstanceOf(UncheckedIOException.class);
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Another JVM's main: starts a server, says its port, and waits to be killed. */
    static final class Owner {
        public static void main(String[] args) throws InterruptedException {
            EmbeddedRedis redis = EmbeddedRedis.start();
            System.out.println("port " + redis.port());
            Thread.sleep(60_000);
            redis.stop();
        }
    }

    private static List<String> names(Path directory) {
        return List.of(requireNonNull(directory.toFile().list()));
    }

    private static Path directory(EmbeddedRedis redis) {
        return Path.of(askForList(redis, "CONFIG GET dir").get(1));
    }

    private static String ask(EmbeddedRedis redis, String command) {
        return ask(redis.port(), command);
    }

    private static String ask(int port, String command) {
        return answer(port, command).get(0);
    }

    private static List<String> askForList(EmbeddedRedis redis, String command) {
        return askForList(redis.port(), command);
    }

    /** The bulk strings of the answer, without their lengths. */
    private static List<String> askForList(int port, String command) {
        return answer(port, command).stream()
                .filter(line -> !line.startsWith("*") && !line.startsWith("$") && !line.startsWith("+"))
                .toList();
    }

    /** Redis' inline commands need no client; QUIT makes the server end the answer. */
    private static List<String> answer(int port, String command) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write((command + "\r\nQUIT\r\n").getBytes(US_ASCII));
            List<String> lines = new String(socket.getInputStream().readAllBytes(), UTF_8)
                    .lines()
                    .toList();
            return lines.subList(0, lines.size() - 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
