package dev.parley.publish;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;

final class MasterBulkheadTest {

    private static final int AT_ONCE = 16;

    private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    private final MasterBulkhead turns = new MasterBulkhead();
    private final List<Sinks.One<String>> begun = new ArrayList<>();
    private final List<String> done = new ArrayList<>();

    @AfterEach
    void stop() {
        turns.dispose();
        VirtualTimeScheduler.reset();
    }

    private Disposable ask(@Nullable String master) {
        Disposable asked = turns.await(master, Mono.defer(() -> {
                    Sinks.One<String> work = Sinks.one();
                    begun.add(work);
                    return work.asMono();
                }))
                .subscribe(done::add, error -> done.add("failed: " + error.getMessage()));
        time.advanceTime();
        return asked;
    }

    @Test
    void aFewAreUnderWayForEachMasterAndTheOthersFollowInTheirOrder() {
        for (int i = 0; i < AT_ONCE + 2; i++) {
            Disposable unused = ask("a");
        }
        assertThat(begun).hasSize(AT_ONCE);
        Disposable other = ask("b");
        assertThat(begun).hasSize(AT_ONCE + 1);
        assertThat(other.isDisposed()).isFalse();

        begun.get(3).tryEmitValue("one").orThrow();
        time.advanceTime();
        assertThat(begun).hasSize(AT_ONCE + 2);
        begun.get(0).tryEmitError(new IllegalStateException("no")).orThrow();
        time.advanceTime();
        assertThat(begun).hasSize(AT_ONCE + 3);
        assertThat(done).containsExactly("one", "failed: no");
    }

    @Test
    void whoIsCancelledGivesItsTurnToTheNextOneWhetherItHadBegunOrNot() {
        List<Disposable> asked = new ArrayList<>();
        for (int i = 0; i < AT_ONCE + 2; i++) {
            asked.add(ask("a"));
        }
        asked.get(AT_ONCE).dispose();
        asked.get(0).dispose();
        time.advanceTime();
        assertThat(begun).hasSize(AT_ONCE + 1);
        assertThat(begun.get(0).currentSubscriberCount()).isZero();
        begun.get(AT_ONCE).tryEmitValue("the last one").orThrow();
        assertThat(done).containsExactly("the last one");
    }

    @Test
    void manyThatFailAtOnceDoNotRunIntoEachOther() {
        int many = 20_000;
        for (int i = 0; i < many; i++) {
            Disposable unused = turns.await("a", Mono.<String>error(() -> new IllegalStateException("no")))
                    .subscribe(done::add, error -> done.add("failed"));
        }
        time.advanceTime();
        assertThat(done).hasSize(many);
    }

    @Test
    void whatHasNoMasterDoesNotWaitForAnyMaster() {
        for (int i = 0; i < AT_ONCE + 1; i++) {
            Disposable unused = ask("a");
        }
        Disposable asked = ask(null);
        assertThat(begun).hasSize(AT_ONCE + 1);
        begun.get(AT_ONCE)
                .tryEmitError(new IllegalStateException("nobody serves it"))
                .orThrow();
        assertThat(done).containsExactly("failed: nobody serves it");
        assertThat(asked.isDisposed()).isTrue();
    }

    @Test
    void afterTheEndNothingBegins() {
        for (int i = 0; i < AT_ONCE + 1; i++) {
            Disposable unused = ask("a");
        }
        turns.dispose();
        assertThat(begun).allMatch(work -> work.currentSubscriberCount() == 0);
        Disposable unused = ask("a");
        assertThat(begun).hasSize(AT_ONCE);
    }
}
