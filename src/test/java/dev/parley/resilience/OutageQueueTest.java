package dev.parley.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class OutageQueueTest {

    private final AtomicLong clock = new AtomicLong();
    private final OutageQueue<String> queue = new OutageQueue<>(String::length, 16, Duration.ofSeconds(60), clock::get);
    private final OutageQueue<String>.Line line = queue.newLine();
    private final OutageQueue<String>.Line other = queue.newLine();

    private static void assertOverloaded(ThrowingCallable adding) {
        assertThatThrownBy(adding)
                .isInstanceOfSatisfying(
                        ParleyException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.OVERLOADED));
    }

    private static <E> List<E> all(OutageQueue<E>.Line line) {
        List<E> all = new ArrayList<>();
        line.forEach(all::add);
        return all;
    }

    @Test
    void allLinesShareTheBytes() {
        line.add("1234567890", true);
        other.add("12345", true);
        assertOverloaded(() -> line.add("12", true));
        line.add("1", true);
        assertThat(queue.bytes()).isEqualTo(16);
        assertThat(queue.size()).isEqualTo(3);
        assertThat(queue.refused()).isEqualTo(1);
        assertThat(all(line)).containsExactly("1234567890", "1");
    }

    @Test
    void whatIsHeldUpLeavesRoomForWhatIsNot() {
        line.add("1234567890123456", true);
        assertOverloaded(() -> line.add("1", true));
        other.add("12", false);
        assertOverloaded(() -> other.add("1", false));
        assertThat(queue.bytes()).isEqualTo(18);
        other.settle(new boolean[] {false});
        other.add("34", false);
    }

    @Test
    void whatIsSettledMakesRoom() {
        line.add("1234567890123456", true);
        assertThat(line.head(1, 1)).containsExactly("1234567890123456");
        line.settle(new boolean[] {false});
        assertThat(line.isEmpty()).isTrue();
        line.add("6543210987654321", true);
        assertThat(queue.size()).isEqualTo(1);
    }

    @Test
    void nothingNewIsTakenBehindWhatIsTooOld() {
        line.add("a", true);
        clock.addAndGet(Duration.ofSeconds(30).toNanos());
        line.add("b", true);
        clock.addAndGet(Duration.ofSeconds(30).toNanos());
        line.add("c", true);
        clock.addAndGet(1);
        assertOverloaded(() -> line.add("d", true));
        assertOverloaded(() -> line.add("d", false));
        assertThat(queue.oldest()).isEqualTo(Duration.ofSeconds(60).plusNanos(1));
        // What was taken stays, and when the oldest has gone the next one counts.
        assertThat(queue.size()).isEqualTo(3);
        other.add("d", true);
        line.settle(new boolean[] {false});
        line.add("e", true);
        assertThat(queue.oldest()).isEqualTo(Duration.ofSeconds(30).plusNanos(1));
    }

    @Test
    void aHeadIsBoundedByCountAndBytesAndIsNeverEmpty() {
        line.restore("123");
        line.restore("456");
        line.restore("7");
        assertThat(line.head(2, 100)).containsExactly("123", "456");
        assertThat(line.head(9, 5)).containsExactly("123");
        assertThat(line.head(9, 1)).containsExactly("123");
        assertThat(line.head(9, 7)).containsExactly("123", "456", "7");
    }

    @Test
    void whatStaysKeepsItsPlaceAndItsAge() {
        for (String each : List.of("a", "b", "c", "d", "e")) {
            line.add(each, true);
            clock.addAndGet(1_000);
        }
        line.settle(new boolean[] {false, true, false, true});
        assertThat(all(line)).containsExactly("b", "d", "e");
        assertThat(queue.oldest()).isEqualTo(Duration.ofNanos(4_000));
        assertThat(queue.bytes()).isEqualTo(3);
    }

    @Test
    void whatWasAcceptedBeforeIsTakenWhateverTheBoundsAre() {
        line.restore("12345678901234567890");
        assertThat(queue.bytes()).isEqualTo(20);
        assertOverloaded(() -> line.add("", true));
    }
}
