package dev.parley.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.auth.Access;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpillFileTest {

    @TempDir
    private Path directory;

    private SpillFile file() {
        return new SpillFile(directory.resolve("made/when/needed"));
    }

    private static QueuedEvent event(String id) {
        byte[] json =
                ("{\"event\":\"agent.response.streaming\",\n \"payload\":{\"conversation_id\":\"c\",\"agent\":\"a\","
                                + "\"chunk\":\"é \\ud83d\"}}")
                        .getBytes(StandardCharsets.UTF_8);
        return new QueuedEvent(EventCodec.parse(json).withEventId(id), new Access("acme", true, false));
    }

    private static void assertSame(List<QueuedEvent> is, List<QueuedEvent> expected) {
        assertThat(is).usingRecursiveComparison().ignoringFields("spilled").isEqualTo(expected);
    }

    private static List<Long> numbers(List<QueuedEvent> read) {
        assertThat(read.stream().map(event -> spilled(event).queue()).distinct())
                .as("queues")
                .hasSize(1);
        return read.stream().map(event -> spilled(event).number()).toList();
    }

    private static SpillOffset spilled(QueuedEvent event) {
        return Objects.requireNonNull(event.spilled());
    }

    @Test
    void whatIsWrittenIsReadByteForByteAndInOrder() throws IOException {
        AgentEvent message = new AgentEvent(
                "user.message",
                Kind.USER_MESSAGE,
                "c",
                "m",
                null,
                null,
                "m",
                new byte[] {'h'},
                null,
                null,
                null,
                60_000,
                new byte[] {'{', '}'});
        List<QueuedEvent> events =
                List.of(event("1"), new QueuedEvent(message, new Access("t", false, true)), event("2"));
        file().write(events);
        assertSame(file().read(), events);
        assertThat(Files.readAllLines(file().path())).hasSize(3);
    }

    @Test
    void itStaysUntilWhatWasReadIsInTheLogs() throws IOException {
        file().write(List.of(event("1")));
        assertThat(file().read()).hasSize(1);
        SpillFile again = file();
        assertThat(again.read()).hasSize(1);
        again.delete();
        assertThat(file().read()).isEmpty();
        assertThat(Files.exists(again.path())).isFalse();
    }

    @Test
    void whatIsLeftOfWhatWasReadReplacesIt() throws IOException {
        file().write(List.of(event("1"), event("2")));
        SpillFile taken = file();
        assertThat(taken.read()).hasSize(2);
        taken.write(List.of(event("2"), event("3")));
        assertSame(file().read(), List.of(event("2"), event("3")));
        // Too late: what was read may be in the logs by now, what was written is not.
        taken.delete();
        assertThat(file().read()).hasSize(2);
        SpillFile last = file();
        assertThat(last.read()).hasSize(2);
        last.write(List.of());
        assertThat(Files.exists(last.path())).isFalse();
    }

    @Test
    void eachHasItsPlaceHoweverOftenItIsReadAndAnotherOneWhenItIsWrittenAgain() throws IOException {
        file().write(List.of(event("1"), event("2"), event("3")));
        List<QueuedEvent> first = file().read();
        assertThat(numbers(first)).containsExactly(1L, 2L, 3L);
        SpillFile again = file();
        assertThat(again.read()).usingRecursiveComparison().isEqualTo(first);
        again.write(first.subList(2, 3));
        List<QueuedEvent> rest = file().read();
        assertThat(numbers(rest)).containsExactly(1L);
        assertThat(spilled(rest.get(0)).queue())
                .isNotEqualTo(spilled(first.get(2)).queue());
    }

    @Test
    void whatTwoNodesOrAnOlderVersionLeftGetsPlacesThatStay() throws IOException {
        file().write(List.of(event("1")));
        file().write(List.of(event("2")));
        String old = Files.readAllLines(file().path()).get(0).replaceFirst(",\"queue\".*}", "}");
        Files.writeString(file().path(), old + "\n", StandardOpenOption.APPEND);
        List<QueuedEvent> read = file().read();
        assertSame(read, List.of(event("1"), event("2"), event("1")));
        assertThat(numbers(read)).containsExactly(1L, 2L, 3L);
        assertThat(file().read()).usingRecursiveComparison().isEqualTo(read);
    }

    @Test
    void whatAnotherNodeLeftThereIsKept() throws IOException {
        file().write(List.of(event("1")));
        file().write(List.of(event("2")));
        assertSame(file().read(), List.of(event("1"), event("2")));
    }

    @Test
    void aLineOfAnotherNodesThatWasCutOffDamagesNothingBehindIt() throws IOException {
        file().write(List.of(event("1")));
        byte[] whole = Files.readAllBytes(file().path());
        Files.write(file().path(), Arrays.copyOf(whole, whole.length / 2));
        file().write(List.of(event("2")));
        assertSame(file().read(), List.of(event("2")));
    }

    @Test
    void aDamagedLineIsPutAsideAndTheRestIsRead() throws IOException {
        file().write(IntStream.range(0, 3).mapToObj(i -> event("e" + i)).toList());
        List<String> lines = Files.readAllLines(file().path());
        Files.write(file().path(), List.of(lines.get(0), lines.get(1).substring(9), "{}", lines.get(2)));
        Files.writeString(file().path(), lines.get(1).substring(0, 40), StandardOpenOption.APPEND);

        List<QueuedEvent> read = file().read();
        assertSame(read, List.of(event("e0"), event("e2")));
        assertThat(numbers(read)).as("they keep their places").containsExactly(1L, 3L);
        assertThat(Files.readAllLines(file().path().resolveSibling("outage-queue.damaged.ndjson")))
                .containsExactly(lines.get(1).substring(9), "{}", lines.get(1).substring(0, 40));
        // Not found again.
        assertSame(file().read(), List.of(event("e0"), event("e2")));
        assertThat(Files.readAllLines(file().path())).hasSize(2);
    }

    @Test
    void aDirectoryThatCanNotBeMadeFailsAloudAndLeavesNothing() throws IOException {
        Path blocked = Files.writeString(directory.resolve("file"), "in the way");
        SpillFile file = new SpillFile(blocked);
        assertThatThrownBy(() -> file.write(List.of(event("1")))).isInstanceOf(IOException.class);
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactly(blocked);
        }
    }
}
