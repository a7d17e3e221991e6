package dev.parley.llmcache;

import dev.parley.llmcache.semantic.SemanticSettings;
import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Size;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code parley.cache}: responses of language models that are kept. */
public interface CacheSettings {

    /** The longest time that an entry may be fresh. */
    Duration MAX_TTL = Duration.ofDays(30);

    /** The longest lease, and the longest wait. */
    Duration MAX_LEASE = Duration.ofMinutes(10);

    SemanticSettings semantic();

    @Doc(
            value =
                    "agents whose answers to first messages are cached, each `agent=category`, such as `billing=faq`; see"
                            + " [Answers of agents](#answers-of-agents)",
            bounds = "list of `agent=category`")
    Optional<List<String>> agents();

    @Doc(
            value =
                    "tenant whose entries for plain questions (`model`, `messages`, `tools`, no namespace) use the key and value format of the"
                            + " original Python `LLMCache`, so that both can share them, see [LLM cache](#llm-cache)",
            bounds = "an id")
    Optional<String> seedTenant();

    Ttl ttl();

    @Doc("additional time that an answer is served while one caller refreshes it")
    @WithDefault("1m")
    @Bounds(least = "0s", most = "7d")
    Duration stale();

    @Doc("maximum temperature of requests that are cached")
    @WithDefault("0.7")
    @Bounds(least = "0", most = "2")
    double maxTemperature();

    @Doc("maximum size of an entry, before compression")
    @WithDefault("1MiB")
    @Bounds(least = "1KiB", most = "16MiB")
    Size maxEntry();

    @Doc("maximum number of entries per tenant; beyond it the entries that would expire first are removed")
    @WithDefault("100000")
    @Bounds(least = "1", most = "100000000")
    int maxEntries();

    @Doc("maximum time to compute an answer, unless `lease_ms` says otherwise")
    @WithDefault("30s")
    @Bounds(least = "100ms", most = "10m")
    Duration lease();

    @Doc(
            value =
                    "regions (ISO 3166) whose telephone numbers count as personal data as they are written there, or `none`; numbers with a"
                            + " country code always count. See [Telephone numbers](#telephone-numbers)",
            bounds = "list of regions")
    @WithDefault("AE,AT,AU,BE,BR,CH,CN,DE,EG,ES,FR,GB,HK,ID,IL,IN,IT,JP,KR,MX,NL,PL,PT,RU,SA,TR,TW,US,VN")
    List<String> telephoneRegions();

    @Doc(
            value =
                    "price of a million prompt tokens and of a million completion tokens per model, such as `gpt-4o=2.5/10`; for"
                            + " `money_saved`, see [LLM cache](#llm-cache)",
            bounds = "list of `model=prompt/completion`")
    Optional<List<String>> prices();

    @Doc(
            "maximum number of look-ups on this node that wait for another caller's computation; further look-ups are misses")
    @WithDefault("10000")
    @Bounds(least = "0", most = "1000000")
    int maxWaiting();

    /** Time that a response of that category is fresh; zero: it is not kept. */
    default Duration ttl(Category category) {
        Ttl ttl = ttl();
        return switch (category) {
            case DEFAULT -> ttl.other();
            case FAQ -> ttl.faq();
            case CLASSIFICATION -> ttl.classification();
            case EXTRACTION -> ttl.extraction();
            case EMBEDDING -> ttl.embedding();
            case LIVE -> ttl.live();
            case NONE -> Duration.ZERO;
        };
    }

    /** Times that responses are fresh, by category of the question. */
    interface Ttl {

        @Doc("time that an answer is fresh whose question names no category, 10 % more or less; `0s` disables caching")
        @WithDefault("1h")
        @Bounds(least = "0s", most = "30d")
        Duration other();

        @Doc("time that an answer of the category `faq` is fresh, 10 % more or less; `0s` disables caching")
        @WithDefault("24h")
        @Bounds(least = "0s", most = "30d")
        Duration faq();

        @Doc("time that an answer of the category `classification` is fresh, 10 % more or less; `0s` disables caching")
        @WithDefault("24h")
        @Bounds(least = "0s", most = "30d")
        Duration classification();

        @Doc("time that an answer of the category `extraction` is fresh, 10 % more or less; `0s` disables caching")
        @WithDefault("1h")
        @Bounds(least = "0s", most = "30d")
        Duration extraction();

        @Doc("time that an answer of the category `embedding` is fresh, 10 % more or less; `0s` disables caching")
        @WithDefault("7d")
        @Bounds(least = "0s", most = "30d")
        Duration embedding();

        @Doc("time that an answer of the category `live` is fresh, 10 % more or less; `0s` disables caching")
        @WithDefault("5m")
        @Bounds(least = "0s", most = "30d")
        Duration live();
    }
}
