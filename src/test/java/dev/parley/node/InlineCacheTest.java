package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.inbox.AnswerCache;
import dev.parley.llmcache.CacheSettings;
import dev.parley.llmcache.LlmCache;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** With a Redis that was never reached: what the policy allows is dropped, what it does not is refused. */
final class InlineCacheTest {

    private static final AnswerCache.Question ASKED =
            new AnswerCache.Question("t", "billing", "faq", "What are your business hours?");

    private final Redis redis =
            new Redis(RedisTopology.parse("redis://127.0.0.1:1"), "test", TestSettings.of(RedisSettings.class));
    private final LlmCache cache = new LlmCache(redis, Keys.DEFAULT, TestSettings.of(CacheSettings.class));
    private final InlineCache inline = new InlineCache(cache, Map.of());

    @AfterEach
    void close() {
        cache.dispose();
        redis.close().block(Duration.ofSeconds(10));
    }

    @Test
    void anAgentsAnswerThatSaysNothingIsNotKept() {
        for (String answer : new String[] {"", " \n", "\u200B"}) {
            inline.keep(ASKED, answer).block(Duration.ofSeconds(20));
        }
        assertThat(cache.refused()).isEqualTo(3);
        assertThat(cache.dropped()).isZero();
        inline.keep(ASKED, "Nine to five.").block(Duration.ofSeconds(20));
        assertThat(cache.refused()).isEqualTo(3);
        assertThat(cache.dropped()).isEqualTo(1);
    }
}
