package dev.parley.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Access;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.Position;
import dev.parley.store.JoinResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;

final class SharedReadsTest {

    private static final Access ACME = new Access("acme", true, true);
    private static final Access OTHER = new Access("other", true, true);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
    private final List<Read> reads = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();
    /** Conversations are named after the master that has them: {@code m1/c1}. */
    private final SharedReads shared = new SharedReads(this::read, name -> name.substring(0, name.indexOf('/')));

    private record Read(String conversation, @Nullable Access access, Sinks.One<JoinResult> answer) {

        void answer(int last) {
            answer.tryEmitValue(new JoinResult.Missed(new Position(last, 0), List.of(), false))
                    .orThrow();
        }
    }

    @AfterEach
    void reset() {
        shared.dispose();
        VirtualTimeScheduler.reset();
    }

    private Mono<JoinResult> read(String conversation, @Nullable Position since, @Nullable Access access) {
        return Mono.defer(() -> {
            Read read = new Read(conversation, access, Sinks.one());
            reads.add(read);
            return read.answer.asMono();
        });
    }

    private Disposable ask(String reader, String conversation, @Nullable Position since, @Nullable Access access) {
        return shared.join(conversation, since, access)
                .subscribe(
                        joined -> answers.add(reader + "=" + joined.last().millis()),
                        error -> answers.add(
                                reader + " " + ((ParleyException) error).code().wire()));
    }

    @Test
    void whoAsksTheSameWhileAReadIsInFlightSharesTheNextOne() {
        for (int i = 1; i <= 300; i++) {
            Disposable unused = ask("r" + i, "m/c", null, ACME);
        }
        assertThat(reads).hasSize(1);
        reads.get(0).answer(1);
        assertThat(answers).containsExactly("r1=1");
        assertThat(reads).hasSize(2);
        reads.get(1).answer(2);
        assertThat(answers).hasSize(300).contains("r2=2", "r300=2");
        assertThat(reads).hasSize(2);
    }

    @Test
    void whoHasOtherRightsOrAnotherPositionOrConversationHasAReadOfItsOwn() {
        Disposable first = ask("a", "m/c", null, ACME);
        Disposable second = ask("b", "m/c", null, OTHER);
        Disposable third = ask("c", "m/c", Position.of("1-0"), ACME);
        Disposable fourth = ask("d", "m/d", null, ACME);
        assertThat(reads).hasSize(4);
        reads.get(1).answer(2);
        assertThat(answers).containsExactly("b=2");
        assertThat(List.of(first, second, third, fourth))
                .extracting(Disposable::isDisposed)
                .containsExactly(false, true, false, false);
    }

    @Test
    void aFewReadsAreInFlightAndTheOthersWaitInOrderTheGatewaysOwnFirst() {
        for (int i = 0; i < 20; i++) {
            Disposable unused = ask("r" + i, "m/" + i, null, ACME);
        }
        Disposable own = ask("own", "m/own", null, null);
        assertThat(reads).hasSize(SharedReads.AT_ONCE);
        reads.get(0).answer(1);
        assertThat(reads).hasSize(SharedReads.AT_ONCE + 1);
        assertThat(reads.get(SharedReads.AT_ONCE).conversation).isEqualTo("m/own");
        for (int i = 1; i < 21; i++) {
            reads.get(i).answer(1);
        }
        assertThat(answers).hasSize(21);
        assertThat(reads.subList(SharedReads.AT_ONCE + 1, 21))
                .extracting(Read::conversation)
                .containsExactly(
                        "m/8", "m/9", "m/10", "m/11", "m/12", "m/13", "m/14", "m/15", "m/16", "m/17", "m/18", "m/19");
        assertThat(own.isDisposed()).isTrue();
    }

    @Test
    void aMasterThatDoesNotAnswerKeepsNobodyFromAnother() {
        for (int i = 0; i < 20; i++) {
            Disposable unused = ask("r" + i, "silent/" + i, null, ACME);
        }
        Disposable unused = ask("a", "m/c", null, ACME);
        assertThat(reads).hasSize(SharedReads.AT_ONCE + 1);
        reads.get(SharedReads.AT_ONCE).answer(7);
        assertThat(answers).containsExactly("a=7");
    }

    @Test
    void aFailureIsForThoseWhoSharedTheReadAlone() {
        Disposable first = ask("a", "m/c", null, ACME);
        Disposable second = ask("b", "m/c", null, ACME);
        reads.get(0)
                .answer
                .tryEmitError(ParleyException.of(ErrorCode.UNAVAILABLE, "gone"))
                .orThrow();
        assertThat(answers).containsExactly("a unavailable");
        reads.get(1).answer(3);
        assertThat(answers).containsExactly("a unavailable", "b=3");
        assertThat(first.isDisposed() && second.isDisposed()).isTrue();
    }

    @Test
    void whoLeavesIsNotReadFor() {
        Disposable first = ask("a", "m/c", null, ACME);
        Disposable second = ask("b", "m/c", null, ACME);
        second.dispose();
        first.dispose();
        reads.get(0).answer(1);
        assertThat(reads).hasSize(1);
        assertThat(answers).isEmpty();
        Disposable third = ask("c", "m/c", null, ACME);
        reads.get(1).answer(2);
        assertThat(answers).containsExactly("c=2");
        assertThat(third.isDisposed()).isTrue();
    }

    @Test
    void whoAsksTheSameWhileItWaitsForItsTurnSharesThatTurn() {
        for (int i = 0; i < SharedReads.AT_ONCE; i++) {
            Disposable unused = ask("r" + i, "m/" + i, null, ACME);
        }
        Disposable first = ask("a", "m/c", null, ACME);
        Disposable second = ask("b", "m/c", null, ACME);
        reads.get(0).answer(1);
        assertThat(reads).hasSize(SharedReads.AT_ONCE + 1);
        reads.get(SharedReads.AT_ONCE).answer(7);
        assertThat(answers).containsExactly("r0=1", "a=7", "b=7");
        assertThat(first.isDisposed() && second.isDisposed()).isTrue();
    }

    @Test
    void whoLeavesBeforeItsTurnHasNone() {
        for (int i = 0; i < SharedReads.AT_ONCE; i++) {
            Disposable unused = ask("r" + i, "m/" + i, null, ACME);
        }
        Disposable leaving = ask("a", "m/c", null, ACME);
        Disposable next = ask("b", "m/d", null, ACME);
        leaving.dispose();
        reads.get(0).answer(1);
        assertThat(reads).hasSize(SharedReads.AT_ONCE + 1);
        assertThat(reads.get(SharedReads.AT_ONCE).conversation).isEqualTo("m/d");
        reads.get(SharedReads.AT_ONCE).answer(2);
        assertThat(answers).containsExactly("r0=1", "b=2");
        assertThat(next.isDisposed()).isTrue();
    }

    @Test
    void whoseTurnDoesNotComeIsRefused() {
        for (int i = 0; i < SharedReads.AT_ONCE + 1; i++) {
            Disposable unused = ask("r" + i, "m/" + i, null, ACME);
        }
        time.advanceTimeBy(Duration.ofSeconds(31));
        assertThat(answers).hasSize(SharedReads.AT_ONCE + 1).contains("r8 unavailable");
    }

    @Test
    void readsThatEndAtOnceDoNotNest() {
        List<String> named = new ArrayList<>();
        SharedReads immediate = new SharedReads(
                (name, since, access) -> Mono.error(ParleyException.of(ErrorCode.UNAVAILABLE, "away")), name -> null);
        for (int i = 0; i < 20_000; i++) {
            Disposable unused =
                    immediate.join("c" + i, null, ACME).subscribe(joined -> {}, error -> named.add("failed"));
        }
        assertThat(named).hasSize(20_000);
    }
}
