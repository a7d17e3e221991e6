package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.scenario.Phase;
import dev.parley.bench.scenario.Scenario;
import dev.parley.bench.scenario.Scenarios;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeploymentTest {

    private static final String GATEWAY = "http://127.0.0.1:8080";
    private static final String REDIS = "redis://127.0.0.1";

    @ParameterizedTest
    @CsvSource({"tokens", "fanout", "mixed", "storm", "durable", "join", "idle", "sessions", "growth", "cache"})
    void aGatewayThatIsThereIsMeasuredWithItsRedis(String scenario) {
        assertThatCode(() -> check(GATEWAY, REDIS, scenario)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"tokens", "storm", "join"})
    void whatIsPublishedByRedisNeedsTheGatewaysOwn(String scenario) {
        assertThatThrownBy(() -> check(GATEWAY, null, scenario))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--redis");
        assertThatCode(() -> check(null, null, scenario)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"idle", "sessions", "growth", "cache"})
    void whatIsNotNeedsNone(String scenario) {
        assertThatCode(() -> check(GATEWAY, null, scenario)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"start", "outage"})
    void whatStartsTheGatewayOrKillsRedisIsNotForOneThatIsThere(String scenario) {
        assertThatThrownBy(() -> check(GATEWAY, REDIS, scenario)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void redisIsOnlyKilledWhereItWasStarted() {
        assertThatThrownBy(() -> check(null, REDIS, "outage")).hasMessageContaining("leave out --redis");
        assertThatCode(() -> check(null, REDIS, "start")).doesNotThrowAnyException();
    }

    @Test
    void severalGatewaysAreNotOne() {
        assertThatThrownBy(() -> check(GATEWAY, REDIS, "scale")).hasMessageContaining("nodes-2 starts 2 gateways");
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://gateway", "wss://gateway"})
    void tlsToTheGatewayIsRefused(String gateway) {
        assertThatThrownBy(() -> check(gateway, REDIS, "tokens")).hasMessageContaining("TLS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost:8080", "http:/x", "ftp://a", "http://a/parley"})
    void anAddressThatIsNoneIsRefused(String gateway) {
        assertThatThrownBy(() -> check(gateway, REDIS, "tokens")).hasMessageContaining("--gateway is not like");
    }

    @Test
    void tlsToRedisAndSentinelsAreRefused() {
        assertThatThrownBy(() -> check(GATEWAY, "rediss://redis", "tokens")).hasMessageContaining("TLS");
        assertThatThrownBy(() -> check(GATEWAY, REDIS + "/1", "tokens")).hasMessageContaining("leave out /1");
        assertThatThrownBy(() -> check(GATEWAY, "redis-sentinel://a,b#main", "tokens"))
                .hasMessageContaining("one Redis by its address");
    }

    private static void check(@Nullable String gateway, @Nullable String redis, String name) {
        Scenario scenario = Scenarios.named(name);
        List<Phase> phases = scenario.phases();
        new Deployment(gateway == null ? null : URI.create(gateway), redis).check(scenario, phases);
    }
}
