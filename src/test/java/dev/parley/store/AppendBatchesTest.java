package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.event.EventCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AppendBatchesTest {

    private static AppendRequest event(String conversation, int padding) {
        String json = "{\"event\":\"agent.note\",\"payload\":{\"conversation_id\":\"" + conversation + "\",\"p\":\""
                + "x".repeat(padding) + "\"},\"timestamp\":\"2026-01-01T00:00:00Z\"}";
        return new AppendRequest(EventCodec.parse(json.getBytes(StandardCharsets.UTF_8)), null, null);
    }

    private static List<List<List<Integer>>> rounds(List<AppendRequest> events, ToIntFunction<String> slot) {
        List<List<List<Integer>>> all = new ArrayList<>();
        new AppendBatches(events, slot).forEachRemaining(all::add);
        return all;
    }

    private static List<Integer> flat(List<List<List<Integer>>> rounds) {
        return rounds.stream().flatMap(List::stream).flatMap(List::stream).toList();
    }

    @Test
    void whatBelongsToAConversationStandsTogether() {
        List<AppendRequest> events = List.of(event("a", 0), event("b", 0), event("a", 0), event("c", 0), event("b", 0));
        assertThat(rounds(events, name -> 0)).containsExactly(List.of(List.of(0, 2, 1, 4, 3)));
    }

    @Test
    void whatDoesNotFitIsLeftToTheNextRoundInItsOrder() {
        List<AppendRequest> events = new ArrayList<>();
        IntStream.range(0, 600).forEach(i -> events.add(event("busy", 0)));
        events.add(event("quiet", 0));
        List<List<List<Integer>>> rounds = rounds(events, name -> 0);
        assertThat(rounds).hasSize(3);
        assertThat(rounds.get(0))
                .containsExactly(IntStream.range(0, 256).boxed().toList(), List.of(600));
        assertThat(rounds.get(1))
                .containsExactly(IntStream.range(256, 512).boxed().toList());
        assertThat(rounds.get(2))
                .containsExactly(IntStream.range(512, 600).boxed().toList());
    }

    @Test
    void aBatchHasAtMostAMebibyte() {
        List<AppendRequest> events = new ArrayList<>();
        IntStream.range(0, 40).forEach(i -> events.add(event("c" + i % 2, 60_000)));
        List<List<List<Integer>>> rounds = rounds(events, name -> 0);
        assertThat(rounds.stream().flatMap(List::stream))
                .allSatisfy(batch -> assertThat(batch).hasSizeLessThanOrEqualTo(17));
        assertThat(flat(rounds))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 40).boxed().toList());
    }

    @Test
    void noConversationIsInTwoBatchesOfARoundAndNoBatchOfTwoSlots() {
        List<AppendRequest> events = new ArrayList<>();
        IntStream.range(0, 5_000).forEach(i -> events.add(event("c" + i * 7919 % 311, 0)));
        ToIntFunction<String> slot = name -> Math.floorMod(name.hashCode(), 3);
        List<List<List<Integer>>> rounds = rounds(events, slot);
        for (List<List<Integer>> round : rounds) {
            Set<String> seen = new HashSet<>();
            for (List<Integer> batch : round) {
                Set<String> names = new HashSet<>();
                Set<Integer> slots = new HashSet<>();
                batch.forEach(i -> names.add(events.get(i).event().conversation()));
                names.forEach(name -> slots.add(slot.applyAsInt(name)));
                assertThat(slots).hasSize(1);
                assertThat(seen).doesNotContainAnyElementsOf(names);
                seen.addAll(names);
            }
        }
        assertThat(flat(rounds)).doesNotHaveDuplicates().hasSize(5_000);
    }

    @Test
    void afterTheLastRoundThereIsNone() {
        AppendBatches rounds = new AppendBatches(List.of(event("a", 0)), name -> 0);
        assertThat(rounds.next()).containsExactly(List.of(0));
        assertThat(rounds.hasNext()).isFalse();
        assertThatThrownBy(rounds::next).isInstanceOf(NoSuchElementException.class);
    }
}
