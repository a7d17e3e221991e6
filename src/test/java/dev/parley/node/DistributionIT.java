package dev.parley.node;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

final class DistributionIT {

    private static final String SECRET = "a-secret-that-nobody-else-should-see";
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Pattern ADDRESS = Pattern.compile("http://[0-9.]+:[0-9]+");

    /** The default of {@code parley.shutdown.drain}, and what a JVM on a busy machine takes to end. */
    private static final long STOPS_WITHIN_SECONDS = 5 + 10 + 5;

    @TempDir
    private Path temporary;

    @Test
    void helpNamesTheCommands() {
        try (Distribution parley = run("--help")) {
            assertThat(parley.exit()).isZero();
            assertThat(parley.out()).first().asString().startsWith("Usage: parley");
            assertThat(String.join("\n", parley.out())).contains("serve", "demo", "token", "config", "dead-letters");
            assertThat(parley.err()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "demo", "token", "config", "dead-letters", "class-archive"})
    void everyCommandHasHelp(String command) {
        try (Distribution parley = run(command, "--help")) {
            assertThat(parley.exit()).isZero();
            assertThat(parley.out()).first().asString().startsWith("Usage: parley " + command);
            assertThat(parley.err()).isEmpty();
        }
    }

    @Test
    void anArchiveOfItsClassesIsTakenAtTheNextStart() throws IOException {
        Path archive = Distribution.HOME.resolve("parley.jsa");
        try (Distribution parley = run("class-archive")) {
            assertThat(parley.exit()).isZero();
            assertThat(archive).isNotEmptyFile();
        }
        Path loaded = temporary.resolve("loaded");
        Map<String, String> logging = Map.of("PARLEY_JAVA_OPTS", "-Xlog:class+load:file=" + loaded);
        try (Distribution parley = Distribution.start(temporary, logging, "--version")) {
            assertThat(parley.exit()).isZero();
            assertThat(parley.err()).isEmpty();
            assertThat(Files.readString(loaded)).containsPattern("dev.parley.cli.Main source: shared objects file");
        } finally {
            Files.delete(archive);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "demo"})
    void jarsInExtensionsAreOnTheClassPath(String command) throws IOException {
        Path home = temporary.resolve("home");
        Path jar = home.resolve("extensions/own.jar");
        Files.createDirectories(jar.getParent());
        new JarOutputStream(Files.newOutputStream(jar), new Manifest()).close();
        Files.createDirectory(home.resolve("bin"));
        Path script = Files.copy(Distribution.HOME.resolve("bin/parley"), home.resolve("bin/parley"), COPY_ATTRIBUTES);
        Files.createSymbolicLink(
                home.resolve("lib"), Distribution.HOME.resolve("lib").toAbsolutePath());
        Map<String, String> telling = Map.of("PARLEY_JAVA_OPTS", "-XshowSettings:properties");
        try (Distribution parley =
                Distribution.start(temporary, telling, List.of(script.toString(), command, "--help"))) {
            assertThat(parley.exit()).isZero();
            assertThat(parley.err()).anyMatch(line -> line.contains(jar.toString()));
        }
    }

    @Test
    void theVersionIsThatOfTheJar() {
        try (Distribution parley = run("--version")) {
            assertThat(parley.exit()).isZero();
            assertThat(parley.out()).singleElement().asString().matches("parley \\d+\\.\\d+\\.\\d+\\S* \\(Java .+\\)");
        }
    }

    @Test
    void configIsYamlWithoutSecrets() {
        Map<String, String> environment =
                Map.of("PARLEY_AUTH_JWT_SECRET", SECRET, "PARLEY_REDIS_URI", "redis://:hidden-too@127.0.0.1:6379");
        try (Distribution parley =
                Distribution.start(temporary, environment, "config", "--set", "auth.mode=jwt", "--set", "log.ttl=3h")) {
            assertThat(parley.exit()).isZero();
            String text = String.join("\n", parley.out());
            assertThat(text).doesNotContain(SECRET, "hidden-too");
            JsonNode yaml = new ObjectMapper().valueToTree(new Yaml().<Object>load(text));
            assertThat(yaml.at("/parley/log/ttl").asText()).isEqualTo("3h");
            assertThat(yaml.at("/parley/auth/mode").asText()).isEqualTo("jwt");
            assertThat(yaml.at("/parley/redis/uri").asText()).endsWith("@127.0.0.1:6379");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"config", "serve", "demo"})
    void anUnknownKeyIsRefusedByName(String command) {
        try (Distribution parley = run(command, "--set", "http.prot=1")) {
            assertThat(parley.exit()).isEqualTo(2);
            assertThat(parley.err()).singleElement().asString().contains("http.prot", "http.port");
            assertThat(parley.out()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"redis, uri", "postgres, url"})
    void onlyTheDemoStartsAServerOfItsOwn(String server, String instead) {
        try (Distribution parley = run("serve", "--set", server + ".embedded=true")) {
            assertThat(parley.exit()).isEqualTo(2);
            assertThat(parley.err())
                    .containsExactly("parley: parley." + server + ".embedded is true, but only parley demo has the"
                            + " binaries: set parley." + server + "." + instead);
        }
    }

    @Test
    void tokenPrintsAJwt() throws Exception {
        try (Distribution parley = Distribution.start(
                temporary, Map.of("PARLEY_AUTH_JWT_SECRET", SECRET), "token", "--subject", "alice")) {
            assertThat(parley.exit()).isZero();
            assertThat(parley.out()).hasSize(1);
            SignedJWT jwt = SignedJWT.parse(parley.out().get(0));
            assertThat(jwt.getJWTClaimsSet().getSubject()).isEqualTo("alice");
            assertThat(parley.err()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    void theDemoRunsAndASignalEndsAllOfIt(String signal, int exit) throws Exception {
        try (Distribution parley = run("demo", "--set", "http.port=0", "--set", "management.port=0")) {
            String open = parley.await("Open http://");
            assertThat(open).matches("Open http://127\\.0\\.0\\.1:\\d+/chat/");
            String management = address(parley.await("/health/ready"));
            Await.until(() -> status(management + "/health/ready") == 200);
            assertThat(status(open.substring("Open ".length()))).isEqualTo(200);
            List<ProcessHandle> children = parley.descendants();
            assertThat(children)
                    .anySatisfy(child ->
                            assertThat(child.info().command().orElse("")).endsWith("/redis-server"));

            parley.signal(signal);

            assertThat(parley.exitWithin(STOPS_WITHIN_SECONDS)).isEqualTo(exit);
            Await.until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
            assertThat(temporary).isEmptyDirectory();
            assertThat(parley.err()).noneMatch(line -> line.contains(" WARN ") || line.contains(" ERROR "));
            assertThat(parley.err().get(parley.err().indexOf(open) + 1))
                    .as("the first line after the one that says where to look")
                    .contains("Stopping");
        }
    }

    /** Its binaries are unpacked, its files are made, the server starts: a stop may meet each of these, and waits for none. */
    @ParameterizedTest
    @ValueSource(ints = {0, 200, 400, 600, 800, 1_000, 1_200, 1_400})
    void aStopMeetsTheDatabaseWhileItStarts(int millis) throws Exception {
        try (Distribution parley = run("demo", "--set", "http.port=0", "--set", "management.port=0")) {
            assertThat(parley.await("Open http://")).isNotEmpty();
            List<ProcessHandle> children = parley.descendants();
            Thread.sleep(millis);
            parley.signal("TERM");
            assertThat(parley.exitWithin(STOPS_WITHIN_SECONDS)).isEqualTo(143);
            Await.until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
            Await.until(() -> temporary.toFile().list().length == 0);
            assertThat(parley.err()).noneMatch(line -> line.contains(" WARN ") || line.contains(" ERROR "));
        }
    }

    /** A terminal tells all processes that are in front, not the first alone. */
    @Test
    void aCtrlCWhileTheDatabaseStartsLeavesNothingBehind() throws Exception {
        Path parley = Distribution.HOME.resolve("bin/parley").toAbsolutePath();
        List<String> command =
                List.of("setsid", parley.toString(), "demo", "--set", "http.port=0", "--set", "management.port=0");
        try (Distribution demo = Distribution.start(temporary, Map.of(), command)) {
            assertThat(demo.await("Open http://")).isNotEmpty();
            List<ProcessHandle> children = demo.descendants();
            demo.signalGroup("INT");
            assertThat(demo.exitWithin(STOPS_WITHIN_SECONDS)).isEqualTo(130);
            Await.until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
            Await.until(() -> temporary.toFile().list().length == 0);
        }
    }

    @Test
    void theDemoEndsWithItsParentWhenItIsToldTo() throws Exception {
        Path parley = Distribution.HOME.resolve("bin/parley").toAbsolutePath();
        // The exit after it keeps the shell from becoming the process that it starts.
        String command = parley + " demo --with-parent --set http.port=0 --set management.port=0; exit";
        try (Distribution parent = Distribution.start(temporary, Map.of(), List.of("sh", "-c", command))) {
            String open = parent.await("Open http://").substring("Open ".length());
            List<ProcessHandle> children = parent.descendants();
            assertThat(children).hasSizeGreaterThanOrEqualTo(2);
            parent.signal("KILL");
            Await.until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
            assertThatThrownBy(() -> status(open)).isInstanceOf(ConnectException.class);
        }
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void aTakenPortIsSaidAndLeavesNothingBehind() throws Exception {
        try (Distribution first = run("demo", "--set", "http.port=0", "--set", "management.port=0")) {
            String port = address(first.await("Open http://")).replaceAll(".*:", "");
            try (Distribution second = run("demo", "--set", "management.port=0", "--port", port)) {
                assertThat(second.exit()).isEqualTo(1);
                assertThat(second.err())
                        .filteredOn(line -> line.startsWith("parley: "))
                        .singleElement()
                        .asString()
                        .contains(port);
            }
            List<ProcessHandle> children = first.descendants();
            first.signal("TERM");
            assertThat(first.exitWithin(STOPS_WITHIN_SECONDS)).isEqualTo(143);
            Await.until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
        }
        Await.until(() -> temporary.toFile().list().length == 0);
    }

    @Test
    void aNodeWithoutRedisIsNotReadyUntilThereIsOne() throws Exception {
        EmbeddedRedis gone = EmbeddedRedis.start();
        gone.stop();
        try (Distribution parley = run(
                "serve", "--set", "http.port=0", "--set", "management.port=0", "--set", "redis.uri=" + gone.uri())) {
            String management = address(parley.await("/health/ready"));
            assertThat(status(management + "/health/ready")).isEqualTo(503);
            assertThat(status(management + "/health/live")).isEqualTo(200);
            try (EmbeddedRedis back = EmbeddedRedis.start(gone.port(), List.of())) {
                Await.until(() -> status(management + "/health/ready") == 200);
                parley.signal("TERM");
                assertThat(parley.exitWithin(STOPS_WITHIN_SECONDS)).isEqualTo(143);
                assertThat(back.running()).isTrue();
            }
        }
    }

    private Distribution run(String... arguments) {
        return Distribution.start(temporary, Map.of(), arguments);
    }

    private static String address(String line) {
        Matcher matcher = ADDRESS.matcher(line);
        assertThat(matcher.find()).as(line).isTrue();
        return matcher.group();
    }

    private static int status(String uri) throws IOException, InterruptedException {
        return HTTP.send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.discarding())
                .statusCode();
    }
}
