package dev.parley.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.resilience.RedisCircuitBreakers.Change;
import dev.parley.support.Patience;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;

final class RedisCircuitBreakersTest {

    private final Sinks.Many<Map<String, Boolean>> masters =
            Sinks.many().replay().latestOrDefault(Map.of());
    private final Set<String> silent = new TreeSet<>();
    private final Map<String, Integer> pings = new HashMap<>();
    private final List<Change> told = new ArrayList<>();
    private final Disposable.Composite open = Disposables.composite();
    private VirtualTimeScheduler time;
    private RedisCircuitBreakers gates;

    @BeforeEach
    void start() {
        time = VirtualTimeScheduler.getOrSet();
        gates = new RedisCircuitBreakers();
        boolean added =
                open.addAll(List.of(gates.changes().subscribe(told::add), gates.open(masters.asFlux(), this::ping)));
        assertThat(added).isTrue();
    }

    @AfterEach
    void stop() {
        open.dispose();
        VirtualTimeScheduler.reset();
    }

    private Mono<Void> ping(String master) {
        pings.merge(master, 1, Integer::sum);
        return silent.contains(master) ? away() : Mono.empty();
    }

    private static <T> Mono<T> away() {
        return Mono.error(ParleyException.of(ErrorCode.UNAVAILABLE, "no answer"));
    }

    private void stand(Map<String, Boolean> now) {
        assertThat(masters.tryEmitNext(now)).isEqualTo(Sinks.EmitResult.OK);
        time.advanceTime();
    }

    /** What comes of a call that Redis would answer. */
    private @Nullable String call(String master) {
        return call(master, Mono.just("answered"));
    }

    private @Nullable String call(String master, Publisher<String> call) {
        return Flux.from(gates.around(master, call))
                .onErrorResume(
                        ParleyException.class,
                        refusal -> Mono.just(refusal.code().name()))
                .blockLast(Patience.ofSeconds(1));
    }

    @Test
    void callsToAMasterThatNobodyHasNamedAreRefused() {
        assertThat(call("a")).isEqualTo("UNAVAILABLE");
        assertThat(gates.anyClosed()).isFalse();
        assertThat(gates.allClosed()).isFalse();
        stand(Map.of("a", true));
        assertThat(call("a")).isEqualTo("answered");
        assertThat(call("b")).isEqualTo("UNAVAILABLE");
        assertThat(gates.allClosed()).isTrue();
    }

    @Test
    void oneThatIsAwayCostsTheOthersNothing() {
        stand(Map.of("a", true, "b", true));
        silent.add("a");
        stand(Map.of("a", false, "b", true));
        assertThat(call("a")).isEqualTo("UNAVAILABLE");
        assertThat(call("b")).isEqualTo("answered");
        assertThat(gates.anyClosed()).isTrue();
        assertThat(gates.allClosed()).isFalse();
        silent.remove("a");
        stand(Map.of("a", true, "b", true));
        time.advanceTimeBy(Duration.ofMillis(100));
        assertThat(call("a")).isEqualTo("answered");
        assertThat(pings).containsOnlyKeys("a");
        assertThat(told.stream().filter(change -> change.master().equals("a")))
                .containsExactly(new Change("a", true), new Change("a", false), new Change("a", true));
        assertThat(told.stream().filter(change -> change.master().equals("b"))).containsExactly(new Change("b", true));
    }

    @Test
    void callsWithoutAnAnswerOpenTheGateOfTheirOwnMasterOnly() {
        stand(Map.of("a", true, "b", true));
        silent.add("a");
        for (int i = 0; i < 8; i++) {
            assertThat(call("a", away())).isEqualTo("UNAVAILABLE");
            assertThat(call("b")).isEqualTo("answered");
        }
        assertThat(call("a")).isEqualTo("UNAVAILABLE");
        assertThat(call("b")).isEqualTo("answered");
    }

    @Test
    void oneThatHasBeenReplacedIsAskedNoMoreAndItsReplacementPassesAtOnce() {
        stand(Map.of("a", true, "b", true));
        silent.add("a");
        stand(Map.of("a", false, "b", true));
        stand(Map.of("b", true, "c", true));
        assertThat(gates.allClosed()).isTrue();
        assertThat(call("c")).isEqualTo("answered");
        assertThat(call("a")).isEqualTo("UNAVAILABLE");
        assertThat(told).last().isEqualTo(new Change("c", true));
        int asked = pings.getOrDefault("a", 0);
        time.advanceTimeBy(Duration.ofMinutes(1));
        assertThat(pings.getOrDefault("a", 0)).isEqualTo(asked);
    }

    @Test
    void oneThatIsAwayFromTheBeginningIsNotTakenForLost() {
        stand(Map.of("a", false, "b", true));
        assertThat(call("a")).isEqualTo("UNAVAILABLE");
        assertThat(told).containsExactly(new Change("b", true));
        stand(Map.of("a", true, "b", true));
        assertThat(told).containsExactly(new Change("b", true), new Change("a", true));
    }
}
