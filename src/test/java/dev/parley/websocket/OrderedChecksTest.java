package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class OrderedChecksTest {

    private final OrderedChecks turns = new OrderedChecks();
    private final List<String> said = new ArrayList<>();

    private Disposable start(String name, Mono<?> check) {
        return turns.check(check)
                .then(Mono.fromRunnable(() -> said.add(name)))
                .subscribe(null, refused -> said.add(name + " " + refused.getMessage()));
    }

    @Test
    void whatPassesFirstWaitsForWhoCameBefore() {
        Sinks.Empty<Void> first = Sinks.empty();
        Sinks.Empty<Void> third = Sinks.empty();
        Disposable one = start("1", first.asMono());
        Disposable two = start("2", Mono.error(new IllegalStateException("refused")));
        Disposable three = start("3", third.asMono());
        assertThat(third.tryEmitEmpty()).isEqualTo(Sinks.EmitResult.OK);
        assertThat(said).isEmpty();
        assertThat(turns.isIdle()).isFalse();
        assertThat(first.tryEmitEmpty()).isEqualTo(Sinks.EmitResult.OK);
        assertThat(said).containsExactly("1", "2 refused", "3");
        assertThat(turns.isIdle()).isTrue();
        assertThat(List.of(one, two, three)).allMatch(Disposable::isDisposed);
    }

    @Test
    void whoLeavesHoldsNobodyUp() {
        Disposable one = start("1", Mono.never());
        Disposable two = start("2", Mono.empty());
        assertThat(said).isEmpty();
        one.dispose();
        assertThat(said).containsExactly("2");
        assertThat(two.isDisposed()).isTrue();
    }
}
