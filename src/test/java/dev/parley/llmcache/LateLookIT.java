package dev.parley.llmcache;

import static dev.parley.llmcache.CacheTesting.asked;
import static dev.parley.llmcache.CacheTesting.completion;
import static dev.parley.llmcache.CacheTesting.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.event.Ids;
import dev.parley.node.Relay;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.TestRedis;
import dev.parley.redis.TestServer;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

/** Looks that Redis answers when nobody waits for them any more. */
class LateLookIT {

    private static final LookupOptions LEAD = new LookupOptions(Duration.ZERO, Duration.ofMinutes(1), null);

    private final Relay network = Relay.to(URI.create(TestRedis.uri()));
    private final Redis redis = TestServer.connect("redis://127.0.0.1:" + network.port());
    private final LlmCache cache = new LlmCache(redis, Keys.DEFAULT, TestSettings.of(CacheSettings.class));
    private final Question question = asked(Ids.random(), "x");

    @BeforeEach
    void redisKnowsTheScript() {
        get(cache.lookup(asked(Ids.random(), "x"), LEAD));
    }

    @AfterEach
    void close() {
        cache.dispose();
        redis.close().block(Patience.ofSeconds(10));
        network.close();
    }

    /** Once what was sent before has been answered. */
    private void awaitNoFlight() {
        String entry =
                Keys.DEFAULT.cached(question.tenant()) + cache.key(question).hash();
        long entries = get(redis.callOne(entry, commands -> commands.exists(entry)));
        assertThat(entries).isZero();
        Await.within(
                Duration.ofSeconds(10),
                "nobody has the flight",
                () -> TestRedis.commands().exists(Keys.DEFAULT.cacheFlight(entry)) == 0);
    }

    @Test
    void aLookThatTakesTooLongLeavesNoFlightBehind() {
        network.hold();
        CacheAnswer alone = get(cache.lookup(question, LEAD));
        assertThat(((CacheAnswer.Miss) alone).reason()).isEqualTo(Reason.UNAVAILABLE);
        network.letGo();
        awaitNoFlight();
        assertThat(get(cache.put(
                                question,
                                ModelReply.of(completion("y")),
                                Objects.requireNonNull(alone.lead()).token()))
                        .reason())
                .isEqualTo(Reason.UNAVAILABLE);
        assertThat(get(cache.lookup(question, LEAD)).lead()).isNotNull();
    }

    @Test
    void whoLeavesDuringTheLookLeavesNoFlightBehind() {
        network.hold();
        Disposable asking = cache.lookup(question, LEAD).subscribe();
        Await.until("it is sent", () -> network.holding() > 0);
        asking.dispose();
        network.letGo();
        awaitNoFlight();
    }
}
