package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.microsoft.playwright.Page;
import dev.parley.event.Ids;
import dev.parley.support.FoldCases;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a socket is shown, what a snapshot has, and what the browser's transcript makes of either: the same for the same events. */
final class FoldIT {

    /** Folds frames and tells what a page would show. */
    private static final String FOLD = """
            async ([url, frames]) => {
              const { Transcript } = await import(url);
              const transcript = new Transcript();
              frames.forEach((frame) => transcript.apply(frame));
              const agent = (it) => (it.agent ? { agent: it.agent } : {});
              const done = transcript.messages.filter(({ state, text }) => state !== "streaming" && text !== "");
              return JSON.stringify({
                messages: done.map((it) => ({ ...agent(it), content: it.text, ...(it.state === "failed" ? { failed: true } : {}) })),
                runs: transcript.runs.map((it) => ({
                  ...(it.run ? { run: it.run } : {}),
                  ...agent(it),
                  text: it.parts.map(({ text }) => text).join(""),
                  tools: it.parts.flatMap(({ tools }) => tools.filter(({ state }) => state === "running").map(({ tool }) => tool)),
                })),
              });
            }
            """;

    private static @Nullable TestNode node;
    private static @Nullable Chromium chromium;
    private static @Nullable Page page;

    private final String conversation = "fold-" + Ids.random();

    @BeforeAll
    static void start() {
        node = TestNode.start("console.enabled", "true");
        chromium = Chromium.start();
        page = chromium.browser().newPage();
        page.navigate(node.http("/parley.js").toString());
    }

    @AfterAll
    static void stop() {
        if (chromium != null) {
            chromium.close();
        }
        if (node != null) {
            node.close();
        }
    }

    static List<FoldCases.Case> cases() {
        return FoldCases.all();
    }

    private static TestNode node() {
        return Objects.requireNonNull(node);
    }

    private void publish(List<JsonNode> events) {
        String lines = events.stream()
                .map(event -> FoldCases.published(event, conversation))
                .collect(Collectors.joining("\n"));
        assertThat(TestHttp.post(
                                node().http("/v1/conversations/" + conversation + "/events"),
                                "application/x-ndjson",
                                BodyPublishers.ofString(lines))
                        .status())
                .isEqualTo(201);
    }

    private TestSocket follow(String since) {
        return TestSocket.welcomed(node().socket())
                .send("{'type':'subscribe','conversation':'" + conversation + "'" + since + "}");
    }

    private static ArrayNode frames(TestSocket socket, int count) {
        ArrayNode frames = FoldCases.JSON.createArrayNode();
        for (int i = 0; i < count; i++) {
            frames.add(socket.next("event"));
        }
        return frames;
    }

    private static void assertFolded(String who, JsonNode messages, JsonNode runs, FoldCases.Case one) {
        assertThat(messages).as("messages, %s", who).isEqualTo(one.messages());
        assertThat(runs).as("runs, %s", who).containsExactlyElementsOf(one.runs());
    }

    private static void assertShown(String who, JsonNode frames, FoldCases.Case one) throws IOException {
        Object shown = Objects.requireNonNull(page)
                .evaluate(FOLD, List.of("/parley.js", FoldCases.JSON.convertValue(frames, Object.class)));
        JsonNode folded = FoldCases.JSON.readTree(String.valueOf(shown));
        assertFolded(who, folded.path("messages"), folded.path("runs"), one);
    }

    private void check(FoldCases.Case one, List<List<JsonNode>> batches) throws IOException {
        JsonNode snapshot;
        ArrayNode live;
        try (TestSocket socket = follow("")) {
            socket.next("snapshot");
            batches.forEach(this::publish);
            live = frames(socket, one.events().size());
        }
        for (int i = 0; i < live.size(); i++) {
            assertThat(live.get(i).path("late").asBoolean())
                    .as("%s", live.get(i))
                    .isEqualTo(one.events().get(i).has("late"));
        }
        try (TestSocket again = follow(",'since':'0'")) {
            assertThat(frames(again, live.size())).as("a resume").isEqualTo(live);
        }
        try (TestSocket late = follow("")) {
            snapshot = late.next("snapshot");
        }
        assertFolded(
                "in a snapshot",
                FoldCases.messages(snapshot.path("messages")),
                FoldCases.runs(snapshot.path("runs")),
                one);
        Set<String> ids = new HashSet<>();
        for (String kind : List.of("messages", "runs")) {
            snapshot.path(kind)
                    .forEach(it -> assertThat(ids.add(it.path("message_id").asText()))
                            .as("%s has a message_id of its own", it)
                            .isTrue());
        }
        assertShown("live", live, one);
        assertShown("joined", FoldCases.JSON.createArrayNode().add(snapshot), one);
        ArrayNode unmarked = live.deepCopy();
        unmarked.forEach(frame -> ((ObjectNode) frame).remove("late"));
        assertShown("without being told what is late", unmarked, one);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eventsThatComeOneByOne(FoldCases.Case one) throws IOException {
        check(one, one.events().stream().map(List::of).toList());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eventsThatComeTogether(FoldCases.Case one) throws IOException {
        check(one, List.of(one.events()));
    }
}
