package dev.parley.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.auth.AuthMode;
import dev.parley.llmcache.CacheSettings;
import dev.parley.llmcache.Category;
import dev.parley.llmcache.text.Telephones;
import dev.parley.ratelimit.LimitScope;
import dev.parley.ratelimit.LimitSettings;
import dev.parley.redis.RedisUri;
import dev.parley.support.Secret;
import dev.parley.support.Size;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.ListAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigLoaderTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    private final ConfigLoader loader = new ConfigLoader();

    @Test
    void withoutAnySourceTheDefaultsHold() {
        GatewayConfig config = loader.load().gateway();

        assertThat(config.node()).isNotBlank();
        assertThat(config.http().host()).isEqualTo("127.0.0.1");
        assertThat(config.http().maxBody()).isEqualTo(new Size(1 << 20));
        assertThat(config.auth().mode()).isEqualTo(AuthMode.NONE);
        assertThat(config.auth().jwt().secret()).isEmpty();
        assertThat(config.redis().uri().value()).isEqualTo("redis://127.0.0.1:6379");
        assertThat(config.redis().keyPrefix()).isEmpty();
        assertThat(config.log().ttl()).isEqualTo(Duration.ofHours(2));
        assertThat(config.ingest().streams()).contains(List.of("agent:events:stream"));
        assertThat(config.ingest().channels()).isTrue();
        assertThat(config.logFormat()).isEqualTo(LogFormat.TEXT);
    }

    @ParameterizedTest
    @MethodSource("settingsWithDefaults")
    void everyDefaultIsOneThatMayBeSet(Setting setting) {
        assertThat(setting.refuse(requireNonNull(setting.defaultValue()))).isNull();
    }

    static Stream<Setting> settingsWithDefaults() {
        return Settings.ALL.values().stream().filter(setting -> setting.defaultValue() != null);
    }

    @Test
    void theFileWinsOverDefaultsTheEnvironmentOverTheFileFlagsOverTheEnvironment() {
        GatewayConfig config = loader.flags(Map.of("log.seen", "4"))
                .environment(Map.of("PARLEY_LOG_SEEN", "3", "PARLEY_LOG_MAX_EVENTS", "3"))
                .yaml("file", "parley: {log: {seen: 2, max-events: 2, ttl: 2m}}")
                .load()
                .gateway();

        assertThat(config.log().seen()).isEqualTo(4);
        assertThat(config.log().maxEvents()).isEqualTo(3);
        assertThat(config.log().ttl()).isEqualTo(Duration.ofMinutes(2));
        assertThat(config.log().maxBytes()).isEqualTo(new Size(4 << 20));
    }

    @Test
    void aListInTheFileGivesWayToAShorterOneInTheEnvironment() {
        GatewayConfig config = loader.yaml("file", "parley: {ingest: {streams: [a, b, c]}}")
                .environment(Map.of("PARLEY_INGEST_STREAMS", "d,e"))
                .load()
                .gateway();

        assertThat(config.ingest().streams()).contains(List.of("d", "e"));
    }

    @Test
    void aListMayBeEmpty() {
        GatewayConfig config =
                loader.yaml("file", "parley: {ingest: {streams: []}}").load().gateway();

        assertThat(config.ingest().streams()).isEmpty();
    }

    @Test
    void hyphenatedKeysHaveNamesInTheEnvironment() {
        GatewayConfig config = loader.environment(Map.of(
                        "PARLEY_REDIS_CONNECT_TIMEOUT", "150ms",
                        "PARLEY_AUTH_DEFAULT_TENANT", "acme",
                        "PARLEY_LOG_FORMAT", "json"))
                .load()
                .gateway();

        assertThat(config.redis().connectTimeout()).isEqualTo(Duration.ofMillis(150));
        assertThat(config.auth().defaultTenant()).isEqualTo("acme");
        assertThat(config.logFormat()).isEqualTo(LogFormat.JSON);
    }

    @Test
    void noTwoKeysShareANameInTheEnvironment() {
        assertThat(Settings.ALL.values()).extracting(Setting::environmentName).doesNotHaveDuplicates();
    }

    @Test
    void anEmptyVariableIsNotSet() {
        GatewayConfig config = loader.environment(Map.of("PARLEY_NODE", "", "PARLEY_LOG_TTL", ""))
                .load()
                .gateway();

        assertThat(config.log().ttl()).isEqualTo(Duration.ofHours(2));
    }

    @Test
    void otherPeoplesVariablesAndTheStartScriptsAreLeftAlone() {
        assertThat(loader.environment(Map.of("PARLEY_JAVA_OPTS", "-Xmx1g", "PATH", "/bin", "PARLEYS", "2"))
                        .load()
                        .gateway()
                        .http()
                        .port())
                .isEqualTo(8080);
    }

    @Test
    void flagsMayLeaveOutTheFirstWord() {
        GatewayConfig config = loader.flags(Map.of("parley.http.port", "0", "management.port", "0"))
                .load()
                .gateway();

        assertThat(config.http().port()).isZero();
        assertThat(config.management().port()).isZero();
    }

    @Test
    void anUnknownKeyInTheFileIsRefusedByName() {
        assertProblems(loader.yaml("file parley.yml", "parley: {redis: {url: x}}"))
                .containsExactly("parley.redis.url (file parley.yml) is unknown: did you mean parley.redis.uri?");
    }

    @Test
    void aKeyOutsideOfParleyIsRefused() {
        assertProblems(loader.yaml("file parley.yml", "http: {port: 1}"))
                .containsExactly("http.port (file parley.yml) is unknown: did you mean parley.http.port?");
    }

    @Test
    void anUnknownVariableIsRefusedByName() {
        assertProblems(loader.environment(Map.of("PARLEY_REDIS_COMAND_TIMEOUT", "1s")))
                .containsExactly("PARLEY_REDIS_COMAND_TIMEOUT (environment) is unknown:"
                        + " did you mean PARLEY_REDIS_COMMAND_TIMEOUT?");
    }

    @Test
    void anUnknownFlagIsRefusedByName() {
        assertProblems(loader.flags(Map.of("log.tll", "1s")))
                .containsExactly("parley.log.tll (flag) is unknown: did you mean parley.log.ttl?");
    }

    @Test
    void aSettingOfAnEarlierVersionIsRefusedWithWhatToDo() {
        String instead =
                " is no setting any more: a read waits for a quarter of parley.ingest.lease, and for 500ms at most; leave it out";
        assertProblems(loader.flags(Map.of("ingest.block", "5s")).environment(Map.of("PARLEY_INGEST_BLOCK", "5s")))
                .containsExactlyInAnyOrder(
                        "parley.ingest.block (flag)" + instead, "PARLEY_INGEST_BLOCK (environment)" + instead);
    }

    @Test
    void whatIsLikeNothingGetsNoSuggestion() {
        assertProblems(loader.flags(Map.of("kubernetes.namespace", "1s")))
                .containsExactly("parley.kubernetes.namespace (flag) is unknown");
    }

    @Test
    void everythingThatIsWrongIsToldAtOnce() {
        assertProblems(loader.flags(Map.of("log.tll", "1s", "log.seen", "many")).environment(Map.of("PARLEY_NOD", "a")))
                .hasSize(3);
    }

    @ParameterizedTest
    @CsvSource({"150ms, 150", "5s, 5000", "10m, 600000", "2h, 7200000", "30d, 2592000000"})
    void durationsAreReadWithTheirUnit(String text, long millis) {
        assertThat(ValueType.of(Duration.class).parse().apply(text)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5",
                "",
                "s",
                "-5s",
                "5 s",
                "1.5s",
                "5S",
                "PT5S",
                "5s5",
                "999999999999999999d",
                "99999999999999999999s"
            })
    void badDurationsAreRefusedWithWhatIsExpected(String text) {
        assertProblems(loader.flags(Map.of("redis.connect-timeout", text)))
                .containsExactly("parley.redis.connect-timeout (flag) is \"" + text
                        + "\": expected a duration such as 150ms, 5s, 10m, 2h or 30d, from 100ms to 1m");
    }

    @ParameterizedTest
    @CsvSource({"65536, 65536", "65536B, 65536", "64KiB, 65536", "4MiB, 4194304", "1GiB, 1073741824"})
    void sizesAreReadWithTheirUnit(String text, long bytes) {
        assertThat(Size.parse(text)).isEqualTo(new Size(bytes));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "KiB", "-1", "1 MiB", "1.5MiB", "64KB", "64k", "2GiB", "1KiB", "999999999999999999GiB"})
    void badSizesAreRefusedWithWhatIsExpected(String text) {
        assertProblems(loader.flags(Map.of("log.max-bytes", text)))
                .containsExactly("parley.log.max-bytes (flag) is \"" + text
                        + "\": expected a size such as 64KiB, 4MiB, 1GiB or plain bytes, from 64KiB to 1GiB");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "10001", "-1", "many", "1e2", "99999999999"})
    void badNumbersAreRefusedWithTheirBounds(String text) {
        assertProblems(loader.yaml("file", "parley: {ingest: {batch: '" + text + "'}}"))
                .containsExactly(
                        "parley.ingest.batch (file) is \"" + text + "\": expected a whole number, from 1 to 10000");
    }

    @Test
    void boundsThemselvesAreTaken() {
        assertThat(loader.flags(Map.of("ingest.batch", "1000", "hub.linger", "0s", "log.max-bytes", "64KiB"))
                        .load()
                        .gateway()
                        .ingest()
                        .batch())
                .isEqualTo(1000);
    }

    @Test
    void aBadChoiceIsRefusedWithTheChoices() {
        assertProblems(loader.environment(Map.of("PARLEY_AUTH_MODE", "JWT")))
                .containsExactly("parley.auth.mode (environment PARLEY_AUTH_MODE) is \"JWT\": expected none or jwt");
    }

    @Test
    void aMistypedTruthIsNotFalse() {
        assertProblems(loader.flags(Map.of("console.enabled", "ture")))
                .containsExactly("parley.console.enabled (flag) is \"ture\": expected true or false");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "parley:\n  node: a\n  node: b\n",
                "parley:\n  node: a\n node: b\n",
                "parley: [",
                "hello",
                "- parley"
            })
    void whatIsNoYamlIsRefusedWithItsName(String text) {
        assertThatThrownBy(
                        () -> new ConfigLoader().yaml("file parley.yml", text).load())
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("the file parley.yml is not valid YAML")
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing", "parley:", "parley:\n  redis:\n"})
    void anEmptyFileOrSectionIsNothingSet(String text) {
        assertThat(loader.yaml("file", text).load().gateway().redis().uri().value())
                .isEqualTo("redis://127.0.0.1:6379");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "10.0.0.1", "gateway.example.org"})
    void nobodyIsLetInWithoutATokenFromOutside(String host) {
        assertProblems(loader.flags(Map.of("http.host", host)))
                .singleElement()
                .asString()
                .contains("parley.auth.mode", "parley.http.host", host, "parley.auth.jwt.secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"})
    void onThisMachineTokensAreNotNeeded(String host) {
        assertThat(loader.flags(Map.of("http.host", host))
                        .load()
                        .gateway()
                        .http()
                        .host())
                .isEqualTo(host);
    }

    @Test
    void withTokensAnyAddressIsFine() {
        GatewayConfig config = loader.flags(
                        Map.of("http.host", "0.0.0.0", "auth.mode", "jwt", "auth.jwt.secret", SECRET))
                .load()
                .gateway();

        assertThat(config.auth().jwt().secret()).contains(new Secret(SECRET));
    }

    @Test
    void tokensNeedASecret() {
        assertProblems(loader.flags(Map.of("auth.mode", "jwt")))
                .singleElement()
                .asString()
                .contains("parley.auth.mode", "parley.auth.jwt.secret", "32");
    }

    @Test
    void aShortSecretIsRefusedWithoutShowingIt() {
        assertProblems(loader.flags(Map.of("auth.mode", "jwt", "auth.jwt.secret", "short-secret")))
                .singleElement()
                .asString()
                .contains("parley.auth.jwt.secret has 12 bytes", "at least 32")
                .doesNotContain("short-secret");
    }

    @Test
    void anEmbeddedRedisAndAnotherOneExcludeEachOther() {
        assertProblems(loader.flags(Map.of("redis.embedded", "true", "redis.uri", "redis://redis")))
                .containsExactly("parley.redis.embedded is true and parley.redis.uri is set: unset one of them");
    }

    @Test
    void twoServersCannotShareAPort() {
        assertProblems(loader.flags(Map.of("http.port", "9000", "management.port", "9000")))
                .singleElement()
                .asString()
                .contains("parley.http.port", "parley.management.port", "9000");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "parley.node",
                "parley.auth.default-tenant",
                "parley.sessions.default-agent",
                "parley.ingest.streams"
            })
    void namesMustBeIds(String key) {
        assertProblems(loader.flags(Map.of(key, "a b")))
                .singleElement()
                .asString()
                .contains(key, "\"a b\"");
    }

    @Test
    void aStreamIsNamedOnce() {
        assertProblems(loader.flags(Map.of("ingest.streams", "a,b,a")))
                .containsExactly("parley.ingest.streams has \"a\" twice: name each stream once");
    }

    @Test
    void aKeyPrefixWithBracesIsRefused() {
        assertProblems(loader.flags(Map.of("redis.key-prefix", "{a}")))
                .singleElement()
                .asString()
                .contains("parley.redis.key-prefix");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis://127.0.0.1/1",
                "redis://127.0.0.1:6379?database=1",
                "rediss://:secret@127.0.0.1/1",
                "redis-sentinel://127.0.0.1:26379,127.0.0.2/1#master"
            })
    void aDatabaseNumberWithoutAKeyPrefixIsRefusedSincePubSubIgnoresIt(String uri) {
        assertProblems(loader.flags(Map.of("redis.uri", uri)))
                .singleElement()
                .asString()
                .contains("database 1", "parley.redis.key-prefix is not set", "Pub/Sub ignores", "such as db1:")
                .doesNotContain("secret");
        assertThat(new ConfigLoader()
                        .flags(Map.of("redis.uri", uri, "redis.key-prefix", "db1:"))
                        .load()
                        .gateway()
                        .redis()
                        .keyPrefix())
                .contains("db1:");
    }

    @Test
    void aClusterHasNoDatabaseNumbers() {
        assertProblems(loader.flags(Map.of(
                        "redis.uri", "redis-cluster://127.0.0.1:7000,127.0.0.1:7001/1", "redis.key-prefix", "a:")))
                .singleElement()
                .asString()
                .contains("database 1", "a cluster has only database 0");
    }

    @Test
    void aLimitIsThereAsSoonAsAnythingOfItIsSet() {
        Map<String, LimitSettings> limits = loader.yaml(
                        "file", "parley: {limits: {send: {events: 20, per: tenant}, tool-calls: {events: 5}}}")
                .environment(Map.of("PARLEY_LIMITS_TOOL_CALLS_BURST", "2", "PARLEY_LIMITS_X_EVENTS", "1"))
                .flags(Map.of("limits.send.period", "10s"))
                .load()
                .gateway()
                .limits();

        assertThat(limits).containsOnlyKeys("send", "tool-calls", "x");
        assertThat(requireNonNull(limits.get("send")).events()).contains(20);
        assertThat(requireNonNull(limits.get("send")).period()).isEqualTo(Duration.ofSeconds(10));
        assertThat(requireNonNull(limits.get("send")).burst()).isEmpty();
        assertThat(requireNonNull(limits.get("send")).per()).isEqualTo(LimitScope.TENANT);
        assertThat(requireNonNull(limits.get("tool-calls")).burst()).contains(2);
        assertThat(requireNonNull(limits.get("tool-calls")).period()).isEqualTo(Duration.ofMinutes(1));
        assertThat(requireNonNull(limits.get("tool-calls")).per()).isEqualTo(LimitScope.SUBJECT);
        assertThat(loader.load().gateway().limits()).hasSize(3);
    }

    @Test
    void thereIsNoLimitUnlessOneIsSet() {
        assertThat(loader.load().gateway().limits()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    limits.send.events       | 0       | parley.limits.send.events (flag) is "0": expected a whole number, from 1 to 1000000000
                    limits.send.period       | 999ms   | parley.limits.send.period (flag) is "999ms": expected a duration such as 150ms, 5s, 10m, 2h or 30d, from 1s to 30d
                    limits.send.per          | user    | parley.limits.send.per (flag) is "user": expected tenant or subject or conversation or address
                    limits.send.burst        | 5       | parley.limits.send.events is not set: say how many there may be in a period
                    limits.send.evnts        | 5       | parley.limits.send.evnts (flag) is unknown: did you mean parley.limits.send.events?
                    limits.Send.events       | 5       | parley.limits.Send.events (flag) has a bad name: a name is up to 32 of a-z, 0-9 and -, beginning with a letter
                    limits.<name>.events     | 5       | parley.limits.<name>.events (flag) has a bad name: a name is up to 32 of a-z, 0-9 and -, beginning with a letter
                    limits.send              | 5       | parley.limits.send (flag) is unknown
                    limits.a.b.events        | 5       | parley.limits.a.b.events (flag) is unknown
                    """)
    void aBadLimitIsRefused(String key, String value, String problem) {
        assertProblems(loader.flags(Map.of(key, value)))
                .singleElement()
                .asString()
                .startsWith(problem);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    faq       | faq         | it must be a category and a cosine from 0.5 to 1, such as faq=0.97
                    faq=0.4   | faq=0.4     | it must be a category and a cosine from 0.5 to 1, such as faq=0.97
                    faq=1.01  | faq=1.01    | it must be a category and a cosine from 0.5 to 1, such as faq=0.97
                    FAQ=0.97  | FAQ         | it may have
                    """)
    void aBadThresholdIsRefused(String value, String said, String problem) {
        assertProblems(loader.flags(Map.of("cache.semantic.thresholds", value)))
                .singleElement()
                .asString()
                .startsWith("parley.cache.semantic.thresholds has \"" + said + "\": " + problem);
    }

    @ParameterizedTest
    @CsvSource({"'DE,de', de", "'DE,none', none", "XX, XX"})
    void aRegionWithoutTelephoneNumbersIsRefused(String value, String said) {
        assertProblems(loader.flags(Map.of("cache.telephone-regions", value)))
                .singleElement()
                .asString()
                .startsWith("parley.cache.telephone-regions has \"" + said + "\": it must be two capital letters");
    }

    @Test
    void theUsualTelephoneRegionsAreTheDefault() {
        assertThat(loader.load().gateway().cache().telephoneRegions()).isEqualTo(Telephones.USUAL_REGIONS);
        assertThat(loader.flags(Map.of("cache.telephone-regions", "none"))
                        .load()
                        .gateway()
                        .cache()
                        .telephoneRegions())
                .containsExactly("none");
    }

    @Test
    void eachCategoryHasATimeAndModelsMayHavePrices() {
        CacheSettings cache = loader.flags(Map.of(
                        "cache.ttl.other", "1m",
                        "cache.ttl.faq", "2m",
                        "cache.ttl.classification", "3m",
                        "cache.ttl.extraction", "4m",
                        "cache.ttl.embedding", "5m",
                        "cache.ttl.live", "6m",
                        "cache.prices", "gpt-4o=2.5/10,org/small:1b=0.02/0"))
                .load()
                .gateway()
                .cache();
        assertThat(Stream.of(Category.values()).collect(Collectors.toUnmodifiableMap(category -> category, cache::ttl)))
                .isEqualTo(Map.of(
                        Category.NONE, Duration.ZERO,
                        Category.DEFAULT, Duration.ofMinutes(1),
                        Category.FAQ, Duration.ofMinutes(2),
                        Category.CLASSIFICATION, Duration.ofMinutes(3),
                        Category.EXTRACTION, Duration.ofMinutes(4),
                        Category.EMBEDDING, Duration.ofMinutes(5),
                        Category.LIVE, Duration.ofMinutes(6)));
        assertThat(cache.prices().orElseThrow()).containsExactly("gpt-4o=2.5/10", "org/small:1b=0.02/0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-4o", "gpt-4o=2.5", "=1/2", "gpt-4o=1/2/3", "gpt-4o=-1/2", "gpt-4o=a/b", "a=1=1/2"})
    void aBadPriceIsRefused(String value) {
        assertProblems(loader.flags(Map.of("cache.prices", value)))
                .singleElement()
                .asString()
                .startsWith("parley.cache.prices has \"" + value + "\": it must be a model and what");
    }

    @Test
    void aSocketThatConnectsHasNoConversationToCount() {
        assertProblems(loader.flags(Map.of("limits.connect.events", "1", "limits.connect.per", "conversation")))
                .singleElement()
                .asString()
                .startsWith("parley.limits.connect.per is conversation");
    }

    @ParameterizedTest
    @CsvSource({
        "redis://host:1,                        redis://host:1",
        "redis://:pass@host:1,                  redis://:(hidden)@host:1",
        "redis://pass@host:1,                   redis://(hidden)@host:1",
        "rediss://bob:p@ss/word@host/0,         rediss://bob:(hidden)@host/0",
        "redis-sentinel://pass@a:1#main,        redis-sentinel://(hidden)@a:1#main",
        "redis:/bob:pass@host,                  (hidden)@host",
    })
    void aPasswordInAUriIsNeverShown(String uri, String shown) {
        assertThat(new RedisUri(uri)).hasToString(shown);
    }

    @Test
    void aBadUriIsRefusedWithoutItsPassword() {
        assertProblems(loader.flags(Map.of("redis.uri", "http://bob:pass@host")))
                .containsExactly("parley.redis.uri (flag) is \"http://bob:(hidden)@host\":"
                        + " expected a URI such as redis://:password@host:6379");
    }

    @Test
    void theDemoBringsItsRedisAndItsPage() {
        GatewayConfig config = loader.demo().load().gateway();

        assertThat(config.redis().embedded()).isTrue();
        assertThat(config.console().enabled()).isTrue();
        assertThat(config.auth().mode()).isEqualTo(AuthMode.NONE);
    }

    @Test
    void theDemoTakesTheRedisThatItIsGiven() {
        GatewayConfig config = loader.demo()
                .environment(Map.of("PARLEY_REDIS_URI", "redis://redis"))
                .flags(Map.of("console.enabled", "false"))
                .load()
                .gateway();

        assertThat(config.redis().embedded()).isFalse();
        assertThat(config.console().enabled()).isFalse();
    }

    private static ListAssert<String> assertProblems(ConfigLoader loader) {
        ConfigException refused = catchThrowableOfType(ConfigException.class, loader::load);
        return assertThat(requireNonNull(refused, "nothing was refused").problems());
    }
}
