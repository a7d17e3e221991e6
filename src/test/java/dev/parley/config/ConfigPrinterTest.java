package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ConfigPrinterTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    @Test
    void everyKeyIsPrintedWithItsOrigin() {
        String yaml = ConfigPrinter.print(new ConfigLoader()
                .yaml("file parley.yml", "parley: {log: {ttl: 1h}}")
                .environment(Map.of("PARLEY_HTTP_PORT", "9000"))
                .flags(Map.of("inbox.max", "7"))
                .demo()
                .load());

        assertThat(yaml.lines())
                .contains(
                        "    ttl: 1h # file parley.yml",
                        "    port: 9000 # environment PARLEY_HTTP_PORT",
                        "    max: 7 # flag",
                        "    embedded: true # demo",
                        "    max-body: 1MiB # default",
                        "    key-prefix: # not set")
                .filteredOn(line -> line.contains(" # "))
                .hasSameSizeAs(Settings.inEffect(List.of()));
    }

    @Test
    void limitsArePrintedUnderTheirNames() {
        String yaml = ConfigPrinter.print(new ConfigLoader()
                .yaml("file parley.yml", "parley: {limits: {send: {events: 20}}}")
                .environment(Map.of("PARLEY_LIMITS_TOOL_CALLS_EVENTS", "5"))
                .load());

        assertThat(yaml).contains("""
                          limits:
                            send:
                              burst: # not set
                              events: 20 # file parley.yml
                              per: subject # default
                              period: 1m # default
                            tool-calls:
                              burst: # not set
                              events: 5 # environment PARLEY_LIMITS_TOOL_CALLS_EVENTS
                        """);
        assertThat(new ConfigLoader().yaml("file", yaml).load().gateway().limits())
                .containsOnlyKeys("send", "tool-calls");
    }

    @Test
    void secretsAndPasswordsAreHidden() {
        String yaml = ConfigPrinter.print(new ConfigLoader()
                .environment(
                        Map.of("PARLEY_AUTH_JWT_SECRET", SECRET, "PARLEY_REDIS_URI", "redis://bob:hunter2@redis:6379"))
                .load());

        assertThat(yaml)
                .contains("secret: (hidden) # environment PARLEY_AUTH_JWT_SECRET")
                .contains("uri: redis://bob:(hidden)@redis:6379 # environment PARLEY_REDIS_URI")
                .doesNotContain(SECRET, "hunter2");
    }

    @Test
    void whatIsPrintedCanBeReadAgain() {
        Map<String, String> flags =
                Map.of("node", "no", "auth.default-tenant", "1e3", "ingest.streams", "a,b", "log-format", "json");

        String yaml = ConfigPrinter.print(new ConfigLoader().flags(flags).load());
        GatewayConfig again = new ConfigLoader().yaml("file", yaml).load().gateway();

        assertThat(again.node()).isEqualTo("no");
        assertThat(again.auth().defaultTenant()).isEqualTo("1e3");
        assertThat(again.ingest().streams()).contains(List.of("a", "b"));
        assertThat(again.logFormat()).isEqualTo(LogFormat.JSON);
        assertThat(again.redis().keyPrefix()).isEmpty();
    }
}
