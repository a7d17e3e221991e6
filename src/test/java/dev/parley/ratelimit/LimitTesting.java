package dev.parley.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.Objects;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import reactor.core.publisher.Mono;

/** What the tests of this package share. */
final class LimitTesting {

    private LimitTesting() {}

    static Limit limit(long events, Duration period, long burst) {
        return new Limit("tested", events, period, burst, LimitScope.SUBJECT);
    }

    static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(20)));
    }

    static void assertRefused(ErrorCode code, ThrowingCallable call) {
        assertThat(org.assertj.core.api.Assertions.catchThrowable(call))
                .asInstanceOf(InstanceOfAssertFactories.type(ParleyException.class))
                .extracting(ParleyException::code)
                .isEqualTo(code);
    }
}
