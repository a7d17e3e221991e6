package dev.parley.support;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.Disposables;

final class LatestSubscriptionTest {

    private final LatestSubscription succession = new LatestSubscription();

    @Test
    void theLatestTakesThePlaceOfTheOneBefore() {
        Disposable first = Disposables.single();
        Disposable second = Disposables.single();
        succession.begin(() -> first);
        succession.begin(() -> second);
        assertThat(first.isDisposed()).isTrue();
        assertThat(second.isDisposed()).isFalse();
        succession.dispose();
        assertThat(second.isDisposed()).isTrue();
    }

    @Test
    void oneThatIsBegunByTheOneBeforeStaysWhenThatOneIsKnownOnlyThen() {
        Disposable first = Disposables.single();
        Disposable second = Disposables.single();
        succession.begin(() -> {
            succession.begin(() -> second);
            return first;
        });
        assertThat(second.isDisposed()).isFalse();
        succession.dispose();
        assertThat(second.isDisposed()).isTrue();
        assertThat(first.isDisposed()).isTrue();
    }

    @Test
    void afterTheEndNothingBegins() {
        Disposable late = Disposables.single();
        succession.dispose();
        succession.begin(() -> late);
        assertThat(succession.isDisposed()).isTrue();
        assertThat(late.isDisposed()).isTrue();
    }
}
