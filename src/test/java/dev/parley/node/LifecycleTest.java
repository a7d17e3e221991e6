package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.support.LogWatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

class LifecycleTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Lifecycle lifecycle = new Lifecycle();
    private final List<String> done = Collections.synchronizedList(new ArrayList<>());

    private void start(String name) {
        lifecycle.start(name, () -> done.add("+" + name), () -> Mono.fromRunnable(() -> done.add("-" + name)), LIMIT);
    }

    @Test
    void partsStopInReverseOrderAndOnce() {
        start("one");
        start("two");
        start("three");
        assertThat(lifecycle.stop()).isTrue();
        assertThat(lifecycle.stop()).isTrue();
        assertThat(done).containsExactly("+one", "+two", "+three", "-three", "-two", "-one");
    }

    @Test
    void aPartWhoseStartFailsIsStoppedAsWell() {
        start("one");
        assertThatThrownBy(() -> lifecycle.start(
                        "two",
                        () -> {
                            throw new IllegalStateException("no port");
                        },
                        () -> Mono.fromRunnable(() -> done.add("-two")),
                        LIMIT))
                .hasMessage("no port");
        assertThat(lifecycle.stop()).isTrue();
        assertThat(done).containsExactly("+one", "-two", "-one");
    }

    @Test
    void aPartThatFailsToStopIsNamedAndKeepsNobodyElseFromStopping() {
        start("one");
        lifecycle.start("two", () -> {}, () -> Mono.error(new IllegalStateException("stuck")), LIMIT);
        start("three");
        try (LogWatch log = LogWatch.open()) {
            assertThat(lifecycle.stop()).isFalse();
            assertThat(log.lines()).anyMatch(line -> line.contains("two did not stop gracefully within 30000 ms"));
        }
        assertThat(done).containsExactly("+one", "+three", "-three", "-one");
    }

    @Test
    void aPartThatTakesTooLongIsNamedAndNotWaitedFor() {
        start("one");
        lifecycle.start("two", () -> {}, Mono::never, Duration.ofMillis(10));
        try (LogWatch log = LogWatch.open()) {
            assertThat(lifecycle.stop()).isFalse();
            assertThat(log.lines()).anyMatch(line -> line.contains("two did not stop gracefully within 10 ms"));
        }
        assertThat(done).containsExactly("+one", "-one");
    }

    @Test
    void aPartIsDisposedOfWhichItsStartHasReturned() {
        lifecycle.start("one", () -> () -> done.add("-one"), LIMIT);
        assertThat(done).isEmpty();
        assertThat(lifecycle.stop()).isTrue();
        assertThat(done).containsExactly("-one");
    }

    @Test
    void nothingStartsAfterTheStop() {
        assertThat(lifecycle.stop()).isTrue();
        assertThatThrownBy(() -> start("one")).hasMessage("the node is stopping: one is not started");
        assertThat(done).isEmpty();
    }

    @Test
    void aStopWaitsForTheStartThatIsUnderWay() throws InterruptedException {
        CountDownLatch starting = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        Thread starter = new Thread(() -> lifecycle.start(
                "one",
                () -> {
                    starting.countDown();
                    awaitOrFail(goesOn);
                    done.add("+one");
                },
                () -> Mono.fromRunnable(() -> done.add("-one")),
                LIMIT));
        starter.start();
        awaitOrFail(starting);
        Thread stopper = new Thread(() -> done.add("stopped " + lifecycle.stop()));
        stopper.start();
        goesOn.countDown();
        starter.join();
        stopper.join();
        assertThat(done).containsExactly("+one", "-one", "stopped true");
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
