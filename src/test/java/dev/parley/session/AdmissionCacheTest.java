package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

class AdmissionCacheTest {

    private final AdmissionCache claims = new AdmissionCache(Duration.ofHours(1));
    private final AtomicInteger asked = new AtomicInteger();

    private Mono<Boolean> counted(Mono<Boolean> answer) {
        return answer.doOnSubscribe(subscription -> asked.incrementAndGet());
    }

    private void settle(AdmissionCache claims, String tenant, Mono<Boolean> answer) {
        StepVerifier.create(claims.settle("c", tenant, counted(answer))).verifyComplete();
    }

    @Test
    void thoseWhoComeAtTheSameTimeAskOnce() {
        Sinks.One<Boolean> answer = Sinks.one();
        Mono<Void> one = claims.settle("c", "acme", counted(answer.asMono()));
        StepVerifier.create(Mono.when(one, one, claims.settle("c", "acme", counted(Mono.just(true)))))
                .then(() -> assertThat(claims.settled("c", "acme")).isFalse())
                .then(() -> assertThat(answer.tryEmitValue(true)).isEqualTo(Sinks.EmitResult.OK))
                .verifyComplete();
        assertThat(asked).hasValue(1);
        assertThat(claims.settled("c", "acme")).isTrue();
        assertThat(claims.settled("c", "other")).isFalse();
        settle(claims, "other", Mono.just(true));
        assertThat(claims.settled("c", "acme")).isFalse();
    }

    @Test
    void whatDoesNotHoldIsAskedAgain() {
        settle(claims, "acme", Mono.just(false));
        assertThat(claims.settled("c", "acme")).isFalse();
        StepVerifier.create(claims.settle(
                        "c", "acme", counted(Mono.error(ParleyException.of(ErrorCode.NOT_FOUND, "another tenant's")))))
                .verifyError(ParleyException.class);
        assertThat(claims.settled("c", "acme")).isFalse();
        settle(claims, "acme", Mono.just(true));
        assertThat(asked).hasValue(3);
        assertThat(claims.settled("c", "acme")).isTrue();
    }

    @Test
    void nothingHoldsForEver() {
        AdmissionCache brief = new AdmissionCache(Duration.ZERO);
        settle(brief, "acme", Mono.just(true));
        assertThat(brief.settled("c", "acme")).isFalse();
        settle(brief, "acme", Mono.just(true));
        assertThat(asked).hasValue(2);
    }
}
