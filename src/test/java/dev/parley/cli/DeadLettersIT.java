package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.event.Ids;
import dev.parley.node.Distribution;
import dev.parley.node.TestNode;
import dev.parley.redis.Keys;
import dev.parley.redis.TestRedis;
import dev.parley.support.Await;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadLettersIT {

    private final RedisCommands<String, String> commands = TestRedis.commands();
    private final String stream = "letters:" + Ids.random();
    private final String dead = stream + ":dead";
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path temporary;

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> all = new ArrayList<>(List.of("dead-letters"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--redis", TestRedis.uri(), "--stream", stream));
        return Main.run(Map.of(), new PrintWriter(out), new PrintWriter(err), all.toArray(String[]::new));
    }

    private String bury(String name, String value) {
        return commands.xadd(
                dead,
                Map.of(
                        name,
                        value,
                        "dead_reason",
                        "no reason",
                        "dead_source_id",
                        "7-0",
                        "dead_at",
                        "2026-11-23T00:00:00Z"));
    }

    @Test
    void aRefusedEntryIsSeenAndGoesThroughOnceWhatHeldItBackIsGone() {
        String conversation = Ids.random();
        assertThat(commands.set(Keys.DEFAULT.log(conversation), "no stream")).isEqualTo("OK");
        try (TestNode node = TestNode.start("ingest.streams", stream, "ingest.max-deliveries", "1")) {
            String id = commands.xadd(stream, Map.of("event", "agent.note", "conversation_id", conversation, "n", "1"));
            Await.until(() -> commands.xlen(dead) == 1);
            try (Distribution parley = Distribution.start(
                    temporary,
                    Map.of("PARLEY_REDIS_URI", TestRedis.uri()),
                    "dead-letters",
                    "list",
                    "--json",
                    "--stream",
                    stream)) {
                assertThat(parley.exit()).isZero();
                assertThat(parley.err()).isEmpty();
                JsonNode letter = json(String.join("", parley.out()));
                assertThat(letter.path("stream").asText()).isEqualTo(stream);
                assertThat(letter.path("id").asText()).isEqualTo(id);
                assertThat(letter.path("source_id").asText()).isEqualTo(id);
                assertThat(letter.path("reason").asText()).contains("WRONGTYPE");
                assertThat(letter.path("at").asText()).startsWith("20");
                assertThat(letter.path("fields").path("n").asText()).isEqualTo("1");
            }
            assertThat(commands.del(Keys.DEFAULT.log(conversation))).isEqualTo(1);
            assertThat(run("retry", id)).as("%s", err).isZero();
            Await.until(() -> commands.xlen(Keys.DEFAULT.log(conversation)) == 1);
            assertThat(commands.xlen(dead)).isZero();
            assertThat(node.socket()).isNotNull();
        }
    }

    @Test
    void theTableHasTheOldestOnesAndSaysHowManyMoreThereAre() {
        for (int i = 0; i < 5; i++) {
            assertThat(bury("n", "v" + i + "\u001b[31m")).isNotNull();
        }
        assertThat(run("list", "--limit", "2")).isZero();
        assertThat(out.toString().lines()).hasSize(4).satisfies(lines -> {
            assertThat(lines.get(0)).startsWith("STREAM").contains("ID", "AT", "REASON", "ENTRY");
            assertThat(lines.get(1)).contains(stream, "no reason", "2026-11-23T00:00:00Z", "n=v0?[31m");
            assertThat(lines.get(2)).contains("n=v1");
            assertThat(lines.get(3)).startsWith(stream).endsWith(" has 3 more (--limit)");
        });
    }

    @Test
    void whereThereAreNoneItSaysSo() {
        assertThat(run("list")).isZero();
        assertThat(out.toString()).startsWith("There are no dead letters.");
        assertThat(run("list", "--json")).isZero();
        assertThat(out.toString()).isEmpty();
        assertThat(run("retry", "--all")).isZero();
        assertThat(out.toString()).startsWith("Put back: 0");
    }

    @Test
    void allAreRetriedInTheirOrderWithoutWhatWasAddedToThem() {
        for (int i = 0; i < 1_200; i++) {
            assertThat(bury("n", "v" + i)).isNotNull();
        }
        assertThat(run("retry", "--all")).isZero();
        assertThat(out.toString()).startsWith("Put back: 1200");
        assertThat(commands.xlen(dead)).isZero();
        List<StreamMessage<String, String>> back = commands.xrange(stream, Range.unbounded());
        assertThat(back).hasSize(1_200);
        for (int i = 0; i < 1_200; i++) {
            assertThat(back.get(i).getBody()).isEqualTo(Map.of("n", "v" + i));
        }
    }

    @Test
    void droppingNeedsAWordAndAnIdThatIsNotThereIsSaid() {
        String one = bury("n", "1");
        String other = bury("n", "2");
        assertThat(run("drop", one)).isEqualTo(2);
        assertThat(err.toString()).contains("--yes");
        assertThat(run("drop", "--yes")).isEqualTo(2);
        assertThat(run("drop", "--yes", "--all", one)).isEqualTo(2);
        assertThat(run("drop", "--yes", "one")).isEqualTo(2);
        assertThat(commands.xlen(dead)).isEqualTo(2);
        assertThat(run("drop", "--yes", one, "5-5")).isEqualTo(1);
        assertThat(err.toString()).contains("there is no dead letter 5-5");
        assertThat(out.toString()).startsWith("Deleted: 1");
        assertThat(commands.xrange(dead, Range.unbounded()))
                .extracting(StreamMessage::getId)
                .containsExactly(other);
        assertThat(run("drop", "--yes", "--all")).isZero();
        assertThat(commands.xlen(dead)).isZero();
    }

    @Test
    void aRedisThatCannotBeReachedIsSaid() {
        int exit = Main.run(
                Map.of(),
                new PrintWriter(out),
                new PrintWriter(err),
                "dead-letters",
                "list",
                "--redis",
                "redis://:secret@127.0.0.1:1",
                "--set",
                "redis.connect-timeout=300ms");
        assertThat(exit).isEqualTo(1);
        assertThat(err.toString()).contains("can't be reached").doesNotContain("secret");
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + text, e);
        }
    }
}
