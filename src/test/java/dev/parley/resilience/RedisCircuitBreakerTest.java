package dev.parley.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.redis.LateAnswerException;
import dev.parley.support.Patience;
import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

final class RedisCircuitBreakerTest {

    private static <T> Mono<T> away() {
        return Mono.error(ParleyException.of(ErrorCode.UNAVAILABLE, "no answer"));
    }

    private final AtomicInteger pings = new AtomicInteger();
    private VirtualTimeScheduler time;
    private volatile boolean answers = true;
    private RedisCircuitBreaker gate;

    @BeforeEach
    void start() {
        time = VirtualTimeScheduler.getOrSet();
        gate = new RedisCircuitBreaker("redis", Mono.defer(() -> {
            pings.incrementAndGet();
            return answers ? Mono.empty() : away();
        }));
    }

    @AfterEach
    void stop() {
        gate.dispose();
        VirtualTimeScheduler.reset();
    }

    private void connection(boolean stands) {
        gate.stands(stands);
    }

    private void call(Mono<String> call) {
        StepVerifier.create(Flux.from(gate.around(call)).onErrorComplete())
                .expectComplete()
                .verify(Patience.ofSeconds(1));
    }

    private void assertCallsAreRefused() {
        AtomicInteger asked = new AtomicInteger();
        StepVerifier.create(gate.around(Mono.fromCallable(asked::incrementAndGet)))
                .expectErrorSatisfies(
                        e -> assertThat(((ParleyException) e).code()).isEqualTo(ErrorCode.UNAVAILABLE))
                .verify(Patience.ofSeconds(1));
        assertThat(asked).as("commands that reached Redis").hasValue(0);
    }

    @Test
    void itIsOpenUntilThereIsAConnectionAndThenClosedAtOnce() {
        assertThat(gate.isClosed()).isFalse();
        assertCallsAreRefused();
        connection(true);
        assertThat(gate.isClosed()).isTrue();
        assertThat(pings).hasValue(0);
        StepVerifier.create(gate.around(Mono.just("an answer")))
                .expectNext("an answer")
                .verifyComplete();
    }

    @Test
    void aLostConnectionOpensItAtOnceAndAnAnsweredPingClosesIt() {
        connection(true);
        connection(false);
        assertThat(gate.isClosed()).isFalse();
        assertCallsAreRefused();
        answers = false;
        connection(true);
        time.advanceTimeBy(Duration.ofSeconds(10));
        assertThat(gate.isClosed()).isFalse();
        // With a delay that grows to two seconds, so neither in a storm nor hardly ever.
        assertThat(pings.get()).isBetween(5, 20);
        answers = true;
        time.advanceTimeBy(Duration.ofSeconds(3));
        assertThat(gate.isClosed()).isTrue();
        int asked = pings.get();
        time.advanceTimeBy(Duration.ofMinutes(1));
        assertThat(pings).hasValue(asked);
    }

    @Test
    void aPingIsNotSentTheMomentThatTheConnectionIsBack() {
        connection(true);
        connection(false);
        connection(true);
        time.advanceTimeBy(Duration.ofMillis(49));
        assertThat(pings).hasValue(0);
        time.advanceTimeBy(Duration.ofMillis(51));
        assertThat(gate.isClosed()).isTrue();
    }

    @Test
    void callsWithoutAnAnswerOpenItWhenTheyAreHalfOfTheLastOnes() {
        connection(true);
        for (int i = 0; i < 7; i++) {
            call(away());
            assertThat(gate.isClosed()).isTrue();
        }
        call(away());
        assertThat(gate.isClosed()).isFalse();
        assertCallsAreRefused();
        time.advanceTimeBy(Duration.ofMillis(100));
        assertThat(gate.isClosed()).isTrue();
        assertThat(pings).hasValue(1);
    }

    @Test
    void aLargeAnswerThatComesTooLateNeitherOpensItNorKeepsItFromOpening() {
        connection(true);
        for (int i = 0; i < 100; i++) {
            call(Mono.error(new LateAnswerException("too late")));
        }
        assertThat(gate.isClosed()).isTrue();
        for (int i = 0; i < 8; i++) {
            call(away());
        }
        assertThat(gate.isClosed()).isFalse();
    }

    @Test
    void whatRedisItselfRefusesDoesNotOpenIt() {
        connection(true);
        for (int i = 0; i < 100; i++) {
            call(Mono.error(new RedisCommandExecutionException("WRONGTYPE")));
            call(Mono.error(ParleyException.of(ErrorCode.NOT_FOUND, "there is no such conversation")));
        }
        assertThat(gate.isClosed()).isTrue();
    }

    @Test
    void changesAreToldEachOnce() {
        StepVerifier.create(gate.closed().take(4).collectList())
                .then(() -> {
                    connection(true);
                    time.advanceTime();
                    connection(false);
                    connection(false);
                    time.advanceTime();
                    connection(true);
                    time.advanceTimeBy(Duration.ofSeconds(1));
                })
                .assertNext(told -> assertThat(told).containsExactly(false, true, false, true))
                .expectComplete()
                .verify(Patience.ofSeconds(5));
    }
}
