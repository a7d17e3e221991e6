package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.publisher.TestPublisher;

class SerialExecutorTest {

    private final SerialExecutor oneByOne = new SerialExecutor();
    private final List<String> log = new ArrayList<>();

    private Disposable begin(String name, TestPublisher<String> work) {
        Mono<String> one = Mono.defer(() -> {
            log.add(name + " begins");
            return work.mono();
        });
        return oneByOne.run(one).subscribe(value -> log.add(value), error -> log.add(name + " fails"));
    }

    @Test
    void theNextBeginsWhenTheOneBeforeItHasEnded() {
        TestPublisher<String> first = TestPublisher.create();
        TestPublisher<String> second = TestPublisher.create();
        Disposable one = begin("first", first);
        Disposable two = begin("second", second);
        assertThat(log).containsExactly("first begins");
        first.emit("1");
        assertThat(log).containsExactly("first begins", "1", "second begins");
        second.emit("2");
        assertThat(log).endsWith("2");
        assertThat(one.isDisposed() && two.isDisposed()).isTrue();
    }

    @Test
    void aFailureHoldsNothingUp() {
        TestPublisher<String> first = TestPublisher.create();
        TestPublisher<String> second = TestPublisher.create();
        Disposable one = begin("first", first);
        Disposable two = begin("second", second);
        first.error(new IllegalStateException());
        assertThat(log).containsExactly("first begins", "first fails", "second begins");
        one.dispose();
        two.dispose();
    }

    @Test
    void whoeverIsGivenUpWhileItWaitsLetsTheNextOnePass() {
        TestPublisher<String> first = TestPublisher.create();
        TestPublisher<String> third = TestPublisher.create();
        Disposable one = begin("first", first);
        begin("second", TestPublisher.create()).dispose();
        Disposable three = begin("third", third);
        third.emit("3");
        first.emit("1");
        assertThat(log).contains("1", "3").doesNotContain("second begins");
        one.dispose();
        three.dispose();
    }

    @Test
    void whatEndsAtOnceMayBeFollowedByMuch() {
        for (int i = 0; i < 100_000; i++) {
            begin("one", TestPublisher.<String>createCold().emit("done")).dispose();
        }
        assertThat(log).hasSize(200_000);
    }
}
