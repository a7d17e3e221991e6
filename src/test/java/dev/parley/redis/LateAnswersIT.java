package dev.parley.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** What the guard sees of an answer that does not come in time. */
class LateAnswersIT {

    private final Queue<Throwable> guarded = new ConcurrentLinkedQueue<>();
    private final Redis redis = new Redis(
            RedisTopology.parse(TestRedis.uri()),
            "late",
            TestSettings.of(
                    RedisSettings.class,
                    "command-timeout",
                    "200ms",
                    "request-queue",
                    "100",
                    "probe-interval",
                    "5s",
                    "probe-timeout",
                    "30s"),
            new CallInterceptor() {
                @Override
                public <T> Publisher<T> around(String master, Publisher<T> call) {
                    return Flux.from(call).doOnError(guarded::add);
                }
            });

    @AfterEach
    void close() {
        redis.close().block(Patience.ofSeconds(10));
    }

    private static void assertUnavailable(Flux<?> call) {
        List<Throwable> errors = call.materialize()
                .filter(signal -> signal.getThrowable() != null)
                .<Throwable>map(signal -> Objects.requireNonNull(signal.getThrowable()))
                .collectList()
                .block(Patience.ofSeconds(30));
        assertThat(errors).singleElement().matches(e -> ParleyException.is(e, ErrorCode.UNAVAILABLE));
    }

    @Test
    void ofALargeOneItIsToldThatItIsLateAndOfAnotherThatRedisIsUnavailable() {
        redis.open();
        redis.reached().block(Patience.ofSeconds(30));
        assertUnavailable(redis.callLarge("late", commands -> commands.blpop(1, "late")));
        Await.until(() -> guarded.size() == 1);
        assertThat(guarded.remove()).isInstanceOf(LateAnswerException.class);
        assertUnavailable(redis.call("late", commands -> commands.blpop(1, "late")));
        assertThat(guarded.remove()).isInstanceOf(ParleyException.class);
    }
}
