package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.support.Patience;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A Redis that was never reached. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RedisDurableStreamTest {

    private final Redis redis =
            new Redis(RedisTopology.parse("redis://127.0.0.1:1"), "test", TestSettings.of(RedisSettings.class));
    private final DurableStream stream =
            new RedisDurableStream(redis, new Keys("app:"), "node", "app:s", Duration.ofSeconds(1));

    @AfterAll
    void close() {
        redis.close().block(Patience.ofSeconds(10));
    }

    List<Mono<?>> operations() {
        StreamOffset at = new StreamOffset("1-0", 1);
        return List.of(
                stream.ensureGroup(),
                stream.acquire(true),
                stream.acquire(false),
                stream.commit(at, true, true, 0),
                stream.commit(at, false, false, 0),
                stream.release(),
                stream.leave(),
                stream.read("0-0", 10),
                stream.checkTrimmed("1-0"),
                stream.countAttempts(List.of("1-0")),
                stream.clearAttempts(),
                stream.deadLetter(new StreamEntry("1-0", Map.of()), "no event", 10));
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everyOperationFailsWithUnavailable(Mono<?> operation) {
        StepVerifier.create(operation).verifyErrorMatches(e -> ParleyException.is(e, ErrorCode.UNAVAILABLE));
    }

    @Test
    void aReaderWaitsForItsConnection() {
        StepVerifier.create(stream.connect(newEntries -> reactor.core.publisher.Flux.just("connected")))
                .expectSubscription()
                .thenCancel()
                .verify();
    }

    @Test
    void theKeysOfAReaderAreThoseWithThePrefix() {
        assertThat(stream.keyPattern()).isEqualTo("~app:*");
        assertThat(stream.name()).isEqualTo("app:s");
    }

    @Test
    void aGroupThatExistsIsToldApartFromOtherErrors() {
        assertThat(RedisDurableStream.groupExists(new RedisBusyException("BUSYGROUP Consumer Group name exists")))
                .isTrue();
        assertThat(RedisDurableStream.groupExists(new RedisCommandExecutionException("BUSYGROUP it exists")))
                .isTrue();
        assertThat(RedisDurableStream.groupExists(new RedisCommandExecutionException("NOPERM")))
                .isFalse();
        assertThat(RedisDurableStream.groupExists(new RedisCommandExecutionException((String) null)))
                .isFalse();
        assertThat(RedisDurableStream.groupExists(new IllegalStateException("BUSYGROUP")))
                .isFalse();
    }
}
