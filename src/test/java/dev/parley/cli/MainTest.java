package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.config.ConfigLoader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MainTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Map<String, String> environment = new HashMap<>();

    @ParameterizedTest
    @ValueSource(strings = {"serve", "demo", "token", "config"})
    void everyCommandHasHelp(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: parley " + command).contains("--config", "--set");
    }

    @Test
    void helpNamesTheCommands() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("serve", "demo", "token", "config");
    }

    @Test
    void theVersionIsOneLine() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString().lines()).singleElement().asString().startsWith("parley ");
    }

    @Test
    void configPrintsWhatIsInEffect() {
        environment.put("PARLEY_LOG_TTL", "3h");
        assertThat(run("config", "--set", "log.seen=7", "--port", "9000")).isZero();
        assertThat(out.toString())
                .contains("seen: 7 # flag", "port: 9000 # flag", "ttl: 3h # environment PARLEY_LOG_TTL");
    }

    @Test
    void aFlagOfItsOwnWinsOverSet() {
        assertThat(run("config", "--port", "9000", "--set", "http.port=9001")).isZero();
        assertThat(out.toString()).contains("port: 9000 # flag");
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "demo", "token --subject=x", "config"})
    void aRefusedConfigurationExitsWithTwoAndNoStack(String command) {
        environment.put("PARLEY_LOG_TLL", "3h");
        assertThat(run((command + " --set log.seen=many").split(" "))).isEqualTo(2);
        assertThat(err.toString().lines())
                .containsExactly(
                        "parley: PARLEY_LOG_TLL (environment) is unknown: did you mean PARLEY_LOG_TTL?",
                        "parley: parley.log.seen (flag) is \"many\": expected a whole number, from 1 to 1000000");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aMissingFileExitsWithTwo() {
        assertThat(run("serve", "--config", "no-such-file.yml")).isEqualTo(2);
        assertThat(err.toString().lines()).containsExactly("parley: the file no-such-file.yml does not exist");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "serv", "serve --prot=1", "serve --set=x", "token", "token --subject=x --ttl=5"})
    void wrongUsageExitsWithTwoAndSaysSo(String line) {
        assertThat(run(line.isEmpty() ? new String[0] : line.split(" "))).isEqualTo(2);
        assertThat(err.toString()).startsWith("parley: ").doesNotContain("\tat ");
        assertThat(err.toString().lines()).hasSize(2);
    }

    @Test
    void aTokenNeedsTheSecret() {
        assertThat(run("token", "--subject", "alice")).isEqualTo(2);
        assertThat(err.toString()).contains("parley.auth.jwt.secret is not set", "PARLEY_AUTH_JWT_SECRET");
    }

    @Test
    void aTokenSaysWhoWhoseAndHowLong() {
        environment.put("PARLEY_AUTH_JWT_SECRET", "0123456789abcdef0123456789abcdef");
        assertThat(run("token", "--subject=alice", "--tenant=acme", "--role=agent", "--conversation=c-1", "--ttl=10m"))
                .isZero();
        Principal principal = new ConfigLoader()
                .environment(environment)
                .flags(Map.of("auth.mode", "jwt"))
                .load()
                .gateway()
                .auth()
                .authenticator()
                .authenticate(out.toString().strip());
        assertThat(principal.subject()).isEqualTo("alice");
        assertThat(principal.tenant()).isEqualTo("acme");
        assertThat(principal.roles()).containsExactly(Role.AGENT);
        assertThat(principal.conversations()).containsExactly("c-1");
        assertThat(principal.expires())
                .isBetween(Instant.now().plusSeconds(9 * 60), Instant.now().plusSeconds(11 * 60));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--role=admin", "--ttl=0s", "--tenant={}", "--conversation=a{b"})
    void aTokenThatCannotBeIsRefusedWithTheReason(String option) {
        environment.put("PARLEY_AUTH_JWT_SECRET", "0123456789abcdef0123456789abcdef");
        assertThat(run("token", "--subject=alice", option)).isEqualTo(2);
        assertThat(err.toString()).startsWith("parley: ").containsAnyOf("--role", "ttl", "tenant", "conversation");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void theDemoDoesNotStartOnACluster() {
        assertThat(run("demo", "--set", "redis.uri=redis-cluster://127.0.0.1:7000"))
                .isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().contains("parley.redis.uri is a cluster");
    }

    private int run(String... args) {
        return Main.run(environment, new PrintWriter(out, true), new PrintWriter(err, true), args);
    }
}
