package dev.parley.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.support.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who asks for a stream that somebody else is being answered hears it as it comes, on the same node and on another. */
class LiveIT {

    private static FakeUpstream upstream;
    private static TestNode node;
    private static TestNode other;

    private final Caller agent = new Caller();
    private final String said = "q-" + Ids.random();
    private final List<Listening> listening = new ArrayList<>();

    @BeforeAll
    static void start() {
        upstream = new FakeUpstream();
        node = Caller.node(upstream.url(), "upstream.retries", "0");
        other = Caller.node(upstream.url(), "upstream.retries", "0");
    }

    @AfterAll
    static void stop() {
        node.close();
        other.close();
        upstream.close();
    }

    @AfterEach
    void leave() {
        listening.forEach(Listening::dispose);
    }

    private Listening listen(TestNode at, String model, String... headers) {
        Listening one = agent.listen(at, model, said, headers);
        listening.add(one);
        return one;
    }

    /** On both nodes in turn. */
    private List<Listening> followers(int many, String model) {
        return IntStream.range(0, many)
                .mapToObj(i -> listen(i % 2 == 0 ? node : other, model))
                .toList();
    }

    private CompletableFuture<Answer> whole(TestNode at, String model) {
        return CompletableFuture.supplyAsync(() -> agent.ask(at, model, said, ""));
    }

    /** The one who is answered by the model. */
    private Listening leader(String model) {
        Listening leader = listen(node, model);
        Await.until("the model is asked", () -> upstream.calls(said) == 1);
        return leader;
    }

    private Listening leaderWithFirstWords(String model) {
        Listening leader = leader(model);
        upstream.open(said, 1);
        awaitWords(List.of(leader));
        return leader;
    }

    private void awaitWords(List<Listening> all) {
        Await.until(
                "everybody has heard the first words",
                () -> all.stream().allMatch(one -> one.said().equals(FakeUpstream.FIRST)));
    }

    private static void awaitEnd(List<Listening> all, String end) {
        Await.until("it has ended for everybody", () -> all.stream().allMatch(one -> one.end() != null));
        assertThat(all).allSatisfy(one -> assertThat(one.end()).isEqualTo(end));
    }

    private void awaitWaiting(int here, int there) {
        Await.until(
                "they wait",
                () -> node.metric("parley_cache_waiting") == here && other.metric("parley_cache_waiting") == there);
    }

    private String keptMark() {
        return keptMark("m-held");
    }

    private String keptMark(String model) {
        return agent.ask(node, model, said, "", "Cache-Control", "only-if-cached")
                .header(Caller.MARK);
    }

    @Test
    void whoComesLaterHearsWhatWasSaidAndThenAllElseAsItComes() {
        Listening leader = leaderWithFirstWords("m-held");
        List<Listening> followers = followers(10, "m-held");
        awaitWords(followers);
        assertThat(followers).allSatisfy(one -> {
            assertThat(one.status()).isEqualTo(200);
            assertThat(one.mark()).isEqualTo("joined");
            assertThat(one.end()).isNull();
        });
        assertThat(leader.mark()).isEqualTo("miss; reason=absent");
        upstream.open(said, 2);
        awaitEnd(List.of(leader), "whole");
        awaitEnd(followers, "whole");
        assertThat(leader.said()).isEqualTo(FakeUpstream.ANSWER);
        assertThat(followers).allSatisfy(one -> assertThat(one.body()).isEqualTo(leader.body()));
        assertThat(keptMark()).isEqualTo("hit-exact");
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    /** Five milliseconds lie between two letters at least, and the lease is for five seconds. */
    @Test
    void aStreamThatTakesLongerThanALeaseStaysTheOnlyOne() {
        Listening leader = listen(node, "m-endless");
        Await.until("it has gone on for seven seconds", () -> leader.said().length() >= 1_400);
        Listening follower = listen(other, "m-endless");
        Await.until("it hears of it", () -> follower.said().length() >= 1_400);
        assertThat(follower.mark()).isEqualTo("joined");
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    /** It takes seven seconds. */
    @Test
    void aWholeAnswerThatTakesLongerThanALeaseStaysTheOnlyOne() {
        CompletableFuture<Answer> leader = whole(node, "m-late");
        Await.until("the model is asked", () -> upstream.calls(said) == 1);
        List<CompletableFuture<Answer>> waiting = List.of(whole(node, "m-late"), whole(other, "m-late"));
        assertThat(waiting)
                .allSatisfy(one -> assertThat(one.join().header(Caller.MARK)).isEqualTo("joined"));
        assertThat(leader.join().header(Caller.MARK)).isEqualTo("miss; reason=absent");
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void whoHasWaitedFromTheBeginningHearsTheFirstWords() {
        Listening leader = leader("m-held");
        List<Listening> followers = followers(10, "m-held");
        awaitWaiting(5, 5);
        assertThat(followers).allSatisfy(one -> assertThat(one.mark()).isEmpty());
        upstream.open(said, 1);
        awaitWords(followers);
        awaitWaiting(0, 0);
        upstream.open(said, 2);
        awaitEnd(List.of(leader), "whole");
        awaitEnd(followers, "whole");
        assertThat(followers).allSatisfy(one -> assertThat(one.body()).isEqualTo(leader.body()));
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void whoWantsItWholeWaitsMeanwhile() {
        Listening leader = leaderWithFirstWords("m-held");
        List<CompletableFuture<Answer>> whole = List.of(whole(node, "m-held"), whole(other, "m-held"));
        List<Listening> followers = followers(4, "m-held");
        awaitWords(followers);
        awaitWaiting(1, 1);
        assertThat(whole).noneMatch(CompletableFuture::isDone);
        upstream.open(said, 2);
        awaitEnd(followers, "whole");
        assertThat(whole).allSatisfy(one -> {
            assertThat(one.join().header(Caller.MARK)).isEqualTo("joined");
            assertThat(one.join().json().at("/choices/0/message/content").asText())
                    .isEqualTo(FakeUpstream.ANSWER);
        });
        awaitEnd(List.of(leader), "whole");
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void anAnswerThatIsCutOffIsCutOffForAllWhoHaveHeardOfItAndTheOthersAskAgain() {
        Listening leader = leaderWithFirstWords("m-held-cut");
        List<Listening> followers = followers(6, "m-held-cut");
        awaitWords(followers);
        CompletableFuture<Answer> whole = whole(other, "m-held-cut");
        awaitWaiting(0, 1);
        upstream.open(said, 2);
        awaitEnd(List.of(leader), "cut");
        awaitEnd(followers, "cut");
        assertThat(followers).allSatisfy(one -> assertThat(one.body()).doesNotContain("[DONE]"));
        assertThat(whole.join().json().at("/choices/0/message/content").asText())
                .isEqualTo(FakeUpstream.ANSWER);
        assertThat(upstream.calls(said)).isEqualTo(2);
    }

    @Test
    void nothingOfAnAnswerThatIsCutOffIsKept() {
        Listening leader = leaderWithFirstWords("m-held-cut");
        List<Listening> followers = followers(2, "m-held-cut");
        awaitWords(followers);
        upstream.open(said, 2);
        awaitEnd(List.of(leader), "cut");
        awaitEnd(followers, "cut");
        assertThat(agent.ask(other, "m-held-cut", said, "", "Cache-Control", "only-if-cached")
                        .header(Caller.MARK))
                .isEqualTo("miss; reason=absent");
    }

    @Test
    void thoseWhoHaveHeardNothingOfOneThatIsCutOffAllAskAtOnce() {
        Listening leader = leader("m-held-mute");
        List<Listening> followers = followers(6, "m-held-mute");
        awaitWaiting(3, 3);
        upstream.open(said, 1);
        awaitEnd(List.of(leader), "cut");
        awaitEnd(followers, "whole");
        assertThat(followers).allSatisfy(one -> assertThat(one.said()).isEqualTo(FakeUpstream.ANSWER));
        // The leader's three on the same node all ask; those on the other node may find what these were answered.
        assertThat(upstream.calls(said)).as("nobody waits twice").isBetween(4, 7);
    }

    @Test
    void whoIsAnsweredAndLeavesHarmsNobodyWhoFollows() {
        Listening leader = leaderWithFirstWords("m-held");
        List<Listening> followers = followers(4, "m-held");
        awaitWords(followers);
        leader.dispose();
        Listening late = listen(other, "m-held");
        awaitWords(List.of(late));
        upstream.open(said, 2);
        awaitEnd(followers, "whole");
        awaitEnd(List.of(late), "whole");
        assertThat(followers).allSatisfy(one -> assertThat(one.said()).isEqualTo(FakeUpstream.ANSWER));
        assertThat(late.body()).isEqualTo(followers.get(0).body());
        assertThat(keptMark()).isEqualTo("hit-exact");
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void whoLeavesBeforeTheFirstWordHarmsNobodyWhoWaitsOnAnotherNode() {
        Listening leader = leader("m-held");
        List<Listening> streams = List.of(listen(other, "m-held"), listen(other, "m-held"));
        CompletableFuture<Answer> whole = whole(other, "m-held");
        awaitWaiting(0, 3);
        leader.dispose();
        upstream.open(said, 2);
        awaitEnd(streams, "whole");
        assertThat(whole.join().header(Caller.MARK)).isEqualTo("joined");
        assertThat(streams).allSatisfy(one -> assertThat(one.said()).isEqualTo(FakeUpstream.ANSWER));
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void whoAskedForItWholeAndLeavesHarmsNobodyWhoWaitsForTheSame() {
        Socket leaving = agent.socket(node, "m-held-words", said, "");
        Await.until("the model is asked", () -> upstream.calls(said) == 1);
        List<CompletableFuture<Answer>> others = List.of(whole(node, "m-held-words"), whole(other, "m-held-words"));
        awaitWaiting(1, 1);
        close(leaving);
        upstream.open(said, 2);
        assertThat(others)
                .allSatisfy(one -> assertThat(one.join().header(Caller.MARK)).isEqualTo("joined"));
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void whenTheLastOneHasLeftTheCallEnds() {
        int before = upstream.left();
        Listening leader = listen(node, "m-held-endless");
        Await.until("the model is asked", () -> upstream.calls(said) == 1);
        upstream.open(said, 1);
        awaitWords(List.of(leader));
        Listening here = listen(node, "m-held-endless");
        Listening there = listen(other, "m-held-endless");
        awaitWords(List.of(here, there));
        leader.dispose();
        here.dispose();
        upstream.open(said, 2);
        Await.until(
                "it goes on for the one who is left", () -> there.said().length() > FakeUpstream.FIRST.length() + 2);
        assertThat(upstream.left()).isEqualTo(before);
        there.dispose();
        Await.until("the model is told that nobody listens", () -> upstream.left() == before + 1);
        assertThat(keptMark("m-held-endless")).isEqualTo("miss; reason=absent");
    }

    @Test
    void whoIsAnsweredAndDoesNotReadMakesNobodyWait() {
        try (Socket leader = agent.socket(node, "m-brook", said)) {
            Await.until("the model is asked", () -> upstream.calls(said) == 1);
            Listening here = listen(node, "m-brook");
            Listening there = listen(other, "m-brook");
            int held = 12 << 20;
            Await.until("it flows", () -> here.length() > held && there.length() > held);
            assertThat(leader.isConnected()).isTrue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whoFollowsAndLeavesHarmsNobody() {
        Listening leader = leaderWithFirstWords("m-held");
        List<Listening> followers = followers(4, "m-held");
        awaitWords(followers);
        followers.subList(0, 2).forEach(Listening::dispose);
        upstream.open(said, 2);
        awaitEnd(followers.subList(2, 4), "whole");
        awaitEnd(List.of(leader), "whole");
        assertThat(followers.get(2).body()).isEqualTo(leader.body());
        assertThat(followers.get(3).body()).isEqualTo(leader.body());
    }

    @Test
    void whoIsSlowIsCutOffInTheEndAndNobodyWaitsForHim() throws IOException {
        Listening leader = listen(node, "m-brook");
        Await.until("it flows", () -> leader.length() > 0);
        Listening here = listen(node, "m-brook");
        Listening there = listen(other, "m-brook");
        try (Socket slow = agent.socket(node, "m-brook", said)) {
            Await.until("they hear it", () -> here.length() > 0 && there.length() > 0);
            int held = 12 << 20;
            Await.until("it flows on", () -> here.length() > held && there.length() > held);
            assertThat(here.end()).isNull();
            assertThat(there.end()).isNull();
            String heard = new String(slow.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(heard)
                    .contains("200 OK", Caller.MARK + ": joined", "data: {")
                    .doesNotEndWith("0\r\n\r\n");
            assertThat(heard.length()).isLessThan(here.length());
        }
    }

    @Test
    void theCallOfAToolIsShownToNobodyElse() {
        Listening leader = leader("m-held-tools");
        Await.until("it calls", () -> leader.body().contains("tool_calls"));
        List<Listening> followers = followers(2, "m-held-tools");
        awaitWaiting(1, 1);
        upstream.open(said, 2);
        awaitEnd(followers, "whole");
        assertThat(followers).allSatisfy(one -> assertThat(one.mark()).isEqualTo("miss; reason=uncacheable"));
        assertThat(upstream.calls(said)).isEqualTo(3);
    }

    /** A leader who has heard the first words, and one more on each node. */
    private List<Listening> withTools(String model, String choice) {
        String body = Caller.chat(
                model,
                said,
                Caller.STREAM + ",\"tool_choice\":\"" + choice
                        + "\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]");
        listening.add(agent.listenTo(node, body));
        Await.until("the model is asked", () -> upstream.calls(said) == 1);
        upstream.open(said, 1);
        awaitWords(listening);
        listening.add(agent.listenTo(node, body));
        listening.add(agent.listenTo(other, body));
        return listening;
    }

    @Test
    void theCallOfAToolBehindWordsIsShownToNobodyElse() {
        List<Listening> all = withTools("m-held-words-tools", "auto");
        awaitWaiting(1, 1);
        upstream.open(said, 2);
        awaitEnd(all, "whole");
        assertThat(all.subList(1, 3)).allSatisfy(one -> assertThat(one.mark()).isEqualTo("miss; reason=uncacheable"));
        assertThat(upstream.calls(said)).isEqualTo(3);
    }

    @Test
    void whereAToolCouldBeCalledAndIsNotTheWholeAnswerIsForAll() {
        List<Listening> all = withTools("m-held", "auto");
        awaitWaiting(1, 1);
        upstream.open(said, 2);
        awaitEnd(all, "whole");
        assertThat(all.subList(1, 3)).allSatisfy(one -> {
            assertThat(one.mark()).isEqualTo("joined");
            assertThat(one.said()).isEqualTo(FakeUpstream.ANSWER);
        });
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void whereNoToolMayBeCalledAStreamIsFollowed() {
        List<Listening> all = withTools("m-held", "none");
        awaitWords(all);
        upstream.open(said, 2);
        awaitEnd(all, "whole");
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void anAnswerThatTurnsOutNotToBeKeptHasBeenHeardAllTheSame() {
        Listening leader = leaderWithFirstWords("m-held-length");
        List<Listening> followers = followers(4, "m-held-length");
        awaitWords(followers);
        upstream.open(said, 2);
        awaitEnd(List.of(leader), "whole");
        awaitEnd(followers, "whole");
        assertThat(followers).allSatisfy(one -> assertThat(one.body()).isEqualTo(leader.body()));
        assertThat(keptMark()).startsWith("miss");
        assertThat(upstream.calls(said)).isEqualTo(1);
    }

    @Test
    void aStreamOfAnotherFormIsNotJoined() {
        Listening leader = leaderWithFirstWords("m-held");
        CompletableFuture<Answer> counted = CompletableFuture.supplyAsync(
                () -> agent.ask(other, "m-held", said, Caller.STREAM + ",\"stream_options\":{\"include_usage\":true}"));
        awaitWaiting(0, 1);
        upstream.open(said, 2);
        assertThat(counted.join().header(Caller.MARK)).isEqualTo("miss; reason=format");
        awaitEnd(List.of(leader), "whole");
    }

    @Test
    void whatWasBegunBeforeAnInvalidationIsNotForWhoAsksAfterIt() {
        Listening leader = leaderWithFirstWords("m-held");
        List<Listening> before = followers(2, "m-held");
        awaitWords(before);
        assertThat(agent.post(node, "/v1/cache/invalidate", "{\"model\":\"m-held\"}")
                        .status())
                .isEqualTo(200);
        List<Listening> after = followers(2, "m-held");
        awaitWaiting(1, 1);
        assertThat(after).allSatisfy(one -> assertThat(one.mark()).isEmpty());
        upstream.open(said, 2);
        awaitEnd(List.of(leader), "whole");
        awaitEnd(before, "whole");
        awaitEnd(after, "whole");
        assertThat(before).allSatisfy(one -> assertThat(one.body()).isEqualTo(leader.body()));
        assertThat(upstream.calls(said)).isEqualTo(2);
        assertThat(Objects.requireNonNull(after.get(0).end())).isEqualTo("whole");
    }
}
