package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.auth.Access;
import dev.parley.config.TestSettings;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.event.Kind;
import dev.parley.event.Position;
import dev.parley.protocol.ResumeGap;
import dev.parley.redis.Keys;
import dev.parley.redis.PubSub;
import dev.parley.redis.Redis;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a log does, on whatever topology of Redis. */
interface EventStoreContract {

    Redis redis();

    /** To look into Redis and to break things. */
    RedisClusterCommands<String, String> commands();

    default RedisEventStore log() {
        return log(TestSettings.of(StoreSettings.class));
    }

    default RedisEventStore log(StoreSettings settings) {
        return new RedisEventStore(redis(), Keys.DEFAULT, settings);
    }

    static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(Patience.ofSeconds(10)));
    }

    static AppendRequest event(String type, String conversation, String payload) {
        String json = "{\"event\":\"" + type + "\",\"payload\":{\"conversation_id\":\"" + conversation + "\""
                + (payload.isEmpty() ? "" : ",") + payload.replace('\'', '"') + "}}";
        return new AppendRequest(EventCodec.parse(json.getBytes(StandardCharsets.UTF_8)), null, null);
    }

    static AppendRequest withId(AppendRequest append, String id) {
        return new AppendRequest(append.event().withEventId(id), append.sourceId(), append.access());
    }

    @CanIgnoreReturnValue
    static List<StoredEvent> appendAll(RedisEventStore log, AppendRequest... appends) {
        List<StoredEvent> all = new ArrayList<>();
        for (AppendResult outcome : get(log.append(null, List.of(appends)))) {
            assertThat(outcome.refusal()).isNull();
            all.add(Objects.requireNonNull(outcome.appended()));
        }
        return all;
    }

    @CanIgnoreReturnValue
    static StoredEvent append(RedisEventStore log, AppendRequest append) {
        return appendAll(log, append).get(0);
    }

    static AppendRequest note(String conversation, int n) {
        return event("agent.note", conversation, "'n':" + n);
    }

    static JoinResult.Snapshot snapshot(JoinResult joined) {
        assertThat(joined).isInstanceOf(JoinResult.Snapshot.class);
        return (JoinResult.Snapshot) joined;
    }

    static JoinResult.Missed missed(JoinResult joined) {
        assertThat(joined).isInstanceOf(JoinResult.Missed.class);
        return (JoinResult.Missed) joined;
    }

    static ResumeGap.Reason gap(JoinResult joined) {
        return Objects.requireNonNull(snapshot(joined).gap()).reason();
    }

    @Test
    default void positionsRiseAndEachLiveMessageNamesItsPredecessor() throws InterruptedException {
        String c = Ids.random();
        PubSub pubSub = redis().pubSub();
        BlockingQueue<LiveMessage> live = new LinkedBlockingQueue<>();
        assertThat(pubSub.subscribe(Keys.DEFAULT.live(c), (channel, message) -> live.addAll(LiveMessage.parse(message)))
                        .blockOptional(Patience.ofSeconds(10)))
                .isEmpty();
        List<StoredEvent> appended = appendAll(log(), note(c, 1), withId(note(c, 2), "two"), note(c, 3));
        Position prev = Position.ZERO;
        for (StoredEvent one : appended) {
            LiveMessage message =
                    Objects.requireNonNull(live.poll(Patience.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS));
            assertThat(message.prev()).isEqualTo(prev);
            assertThat(message.entry().position()).isEqualTo(one.position());
            assertThat(one.position()).isGreaterThan(prev);
            prev = one.position();
        }
        assertThat(pubSub.close().blockOptional(Patience.ofSeconds(10))).isEmpty();
    }

    @Test
    default void theSameEventIdGetsThePositionItHasAndAddsNothing() {
        String c = Ids.random();
        StoredEvent first = append(log(), withId(note(c, 1), "x"));
        List<StoredEvent> again = appendAll(log(), note(c, 2), withId(note(c, 1), "x"), withId(note(c, 1), "x"));
        assertThat(first.duplicate()).isFalse();
        assertThat(again.get(1)).isEqualTo(new StoredEvent(first.position(), true, "triage", false));
        assertThat(again.get(2).position()).isEqualTo(first.position());
        assertThat(commands().xlen(Keys.DEFAULT.log(c))).isEqualTo(2);
    }

    @Test
    default void theSameIdsInOneConversationDoNotMatterInAnother() {
        String a = Ids.random();
        String b = Ids.random();
        List<StoredEvent> both = appendAll(log(), withId(note(a, 1), "x"), withId(note(b, 1), "x"));
        assertThat(both).noneMatch(StoredEvent::duplicate);
    }

    @Test
    default void eventIdsAreForgottenAfterTheNewestFew() {
        String c = Ids.random();
        StoreSettings few = TestSettings.of(StoreSettings.class, "log.seen", "100");
        RedisEventStore log = log(few);
        for (int i = 0; i < 300; i++) {
            StoredEvent one = append(log, withId(note(c, i), "id" + i));
            assertThat(one.duplicate()).isFalse();
        }
        assertThat(commands().zcard(Keys.DEFAULT.seen(c))).isBetween(100L, 164L);
        assertThat(append(log, withId(note(c, 299), "id299")).duplicate()).isTrue();
    }

    @Test
    default void entriesOfAStreamAreAppendedOnceAndInOrder() {
        String c = Ids.random();
        List<AppendRequest> entries = List.of(
                AppendRequest.from("5-0", note(c, 1).event()),
                AppendRequest.from("5-1", note(c, 2).event()),
                AppendRequest.from("10-0", note(c, 3).event()));
        List<AppendResult> first = get(log().append("s", entries));
        List<AppendResult> again = get(log().append("s", entries));
        assertThat(first)
                .allMatch(outcome -> !Objects.requireNonNull(outcome.appended()).duplicate());
        assertThat(again)
                .allMatch(outcome -> Objects.requireNonNull(outcome.appended()).duplicate());
        assertThat(commands().xlen(Keys.DEFAULT.log(c))).isEqualTo(3);
        assertThat(get(log().append("other", entries)))
                .allMatch(outcome -> !Objects.requireNonNull(outcome.appended()).duplicate());
    }

    @Test
    default void theLogKeepsTheNewestEntries() {
        String c = Ids.random();
        StoreSettings short_ = TestSettings.of(StoreSettings.class, "log.max-events", "100");
        for (int i = 0; i < 10; i++) {
            assertThat(appendAll(
                            log(short_),
                            IntStream.range(i * 100, i * 100 + 100)
                                    .mapToObj(n -> note(c, n))
                                    .toArray(AppendRequest[]::new)))
                    .hasSize(100);
        }
        assertThat(commands().xlen(Keys.DEFAULT.log(c))).isBetween(100L, 250L);
    }

    @Test
    default void theLogKeepsWithinItsBytesAndCountsThemRight() {
        String c = Ids.random();
        StoreSettings small = TestSettings.of(StoreSettings.class, "log.max-bytes", "100000");
        String filler = "x".repeat(5_000);
        for (int i = 0; i < 100; i++) {
            StoredEvent one = append(log(small), event("agent.note", c, "'filler':'" + filler + "'"));
            assertThat(one.duplicate()).isFalse();
        }
        List<StreamMessage<String, String>> kept = commands().xrange(Keys.DEFAULT.log(c), Range.unbounded());
        int bytes = kept.stream()
                .mapToInt(entry ->
                        Objects.requireNonNull(entry.getBody().get("e")).length())
                .sum();
        assertThat(bytes).isBetween(60_000, 100_000);
        assertThat(Objects.requireNonNull(kept.get(kept.size() - 1).getBody().get("m")))
                .endsWith(" 100");
    }

    @Test
    default void everyKeyOfAConversationExpires() {
        String c = Ids.random();
        appendAll(
                log(),
                withId(note(c, 1), "x"),
                event("agent.response.streaming", c, "'chunk':'a','run':'r1','agent':'triage'"),
                event("agent.tool.started", c, "'tool':'t','run':'r1','agent':'triage'"),
                event("agent.response.streaming", c, "'chunk':'b','run':'r2','agent':'triage'"),
                event("agent.run.completed", c, "'run':'r2'"));
        List<String> keys = commands().keys("*{" + c + "}*");
        assertThat(keys).hasSize(7);
        for (String key : keys) {
            assertThat(commands().pttl(key)).as(key).isBetween(7_000_000L, 7_200_000L);
        }
    }

    @Test
    default void aResumeFromAPositionInTheLogGetsWhatFollowsIt() {
        String c = Ids.random();
        List<StoredEvent> all = appendAll(log(), note(c, 1), withId(note(c, 2), "two"), note(c, 3));
        JoinResult.Missed missed = missed(get(log().join(c, all.get(0).position(), null)));
        assertThat(missed.entries())
                .extracting(LogEntry::position)
                .containsExactly(all.get(1).position(), all.get(2).position());
        assertThat(missed.entries()).extracting(LogEntry::eventId).containsExactly("two", null);
        assertThat(missed.last()).isEqualTo(all.get(2).position());
        assertThat(missed(get(log().join(c, all.get(2).position(), null))).entries())
                .isEmpty();
    }

    @Test
    default void whoHasSeenNothingResumesFromZeroWhileTheLogIsWhole() {
        String c = Ids.random();
        assertThat(missed(get(log().join(c, Position.ZERO, null))).entries()).isEmpty();
        appendAll(log(), note(c, 1), note(c, 2));
        assertThat(missed(get(log().join(c, Position.ZERO, null))).entries()).hasSize(2);
        assertThat(commands().xtrim(Keys.DEFAULT.log(c), 1)).isEqualTo(1);
        assertThat(gap(get(log().join(c, Position.ZERO, null)))).isEqualTo(ResumeGap.Reason.TRIMMED);
    }

    @Test
    default void aPositionThatCannotBeProvedIsAGapWithItsReason() {
        String c = Ids.random();
        List<StoredEvent> all = appendAll(log(), note(c, 1), note(c, 2), note(c, 3), note(c, 4));
        Position second = all.get(1).position();
        assertThat(commands().xdel(Keys.DEFAULT.log(c), second.toString())).isEqualTo(1);
        assertThat(gap(get(log().join(c, second, null)))).isEqualTo(ResumeGap.Reason.LOST);
        Position last = all.get(3).position();
        assertThat(gap(get(log().join(c, new Position(last.millis() + 1, 0), null))))
                .isEqualTo(ResumeGap.Reason.FUTURE);
        assertThat(gap(get(log().join(c, new Position(1, 0), null)))).isEqualTo(ResumeGap.Reason.TRIMMED);
        assertThat(gap(snapshot(get(log().join(c, null, null))).insteadOf("nonsense\"")))
                .isEqualTo(ResumeGap.Reason.MALFORMED);
        ResumeGap gap = Objects.requireNonNull(
                snapshot(get(log().join(c, second, null))).gap());
        assertThat(gap.first()).isEqualTo(all.get(0).position().toString());
        assertThat(gap.last()).isEqualTo(last.toString());
        assertThat(snapshot(get(log().join(c, null, null))).gap()).isNull();
    }

    @Test
    default void nobodyGoesOnFromBeforeALossOfAStreamAndFromBehindItEverybodyDoes() {
        RedisEventStore losing = log();
        String c = Ids.random();
        String none = Ids.random();
        Position before = append(losing, note(c, 1)).position();
        try {
            losing.losses().add("a stream", 3).block(Patience.ofSeconds(10));
            JoinResult.Snapshot told = snapshot(get(losing.join(c, before, null)));
            assertThat(gap(told)).isEqualTo(ResumeGap.Reason.STREAM_TRIMMED);
            assertThat(told.last().isAfter(before)).isTrue();
            assertThat(gap(get(losing.join(c, Position.ZERO, null)))).isEqualTo(ResumeGap.Reason.STREAM_TRIMMED);
            assertThat(missed(get(losing.join(c, told.last(), null))).entries()).isEmpty();
            Position next = append(losing, note(c, 2)).position();
            assertThat(missed(get(losing.join(c, told.last(), null))).entries())
                    .singleElement()
                    .matches(entry -> entry.position().equals(next));
            assertThat(gap(get(losing.join(none, Position.ZERO, null)))).isEqualTo(ResumeGap.Reason.STREAM_TRIMMED);
            assertThat(snapshot(get(losing.join(none, null, null))).gap()).isNull();

            RedisEventStore other = log();
            assertThat(missed(get(other.join(c, told.last(), null))).entries()).hasSize(1);
            other.losses().add("a stream", 1).block(Patience.ofSeconds(10));
            assertThat(gap(get(other.join(c, next, null)))).isEqualTo(ResumeGap.Reason.STREAM_TRIMMED);
        } finally {
            assertThat(commands().del(Keys.DEFAULT.streamsLost())).isEqualTo(1);
        }
    }

    @Test
    default void anExpiredLogIsAGap() {
        String c = Ids.random();
        Position last = append(log(), note(c, 1)).position();
        assertThat(commands().del(Keys.DEFAULT.log(c))).isEqualTo(1);
        assertThat(commands().del(Keys.DEFAULT.meta(c))).isEqualTo(1);
        JoinResult joined = get(log().join(c, last, null));
        assertThat(snapshot(joined).last()).isEqualTo(Position.ZERO);
        assertThat(snapshot(joined).gap()).isNotNull();
    }

    @Test
    default void aLogWhoseMetaWasLostGoesOnBehindItsLastEntry() {
        String c = Ids.random();
        Position last = append(log(), note(c, 1)).position();
        assertThat(commands().del(Keys.DEFAULT.meta(c))).isEqualTo(1);
        assertThat(append(log(), note(c, 2)).position()).isGreaterThan(last);
        assertThat(missed(get(log().join(c, last, null))).entries()).hasSize(1);
        assertThat(counters(c)[2]).isEqualTo("2");
    }

    @Test
    default void whatWasMissedComesInPages() {
        String c = Ids.random();
        RedisEventStore pages = new RedisEventStore(
                redis(),
                Keys.DEFAULT,
                TestSettings.of(StoreSettings.class),
                20_000,
                AnswerListener.NOBODY,
                SessionImport.NONE);
        Position at = append(pages, note(c, 0)).position();
        String filler = "x".repeat(9_000);
        for (int i = 0; i < 7; i++) {
            append(pages, event("agent.note", c, "'filler':'" + filler + "'"));
        }
        List<Integer> sizes = new ArrayList<>();
        boolean more = true;
        while (more) {
            JoinResult.Missed page = missed(get(pages.join(c, at, null)));
            sizes.add(page.entries().size());
            at = page.entries().get(page.entries().size() - 1).position();
            more = page.more();
        }
        assertThat(sizes).containsExactly(2, 2, 2, 1);
    }

    @Test
    default void whoMissedTooMuchGetsASnapshot() {
        String c = Ids.random();
        StoreSettings few = TestSettings.of(StoreSettings.class, "resume.limit", "10", "resume.limit-bytes", "2000");
        Position first = append(log(few), note(c, 0)).position();
        appendAll(log(few), IntStream.range(1, 11).mapToObj(n -> note(c, n)).toArray(AppendRequest[]::new));
        assertThat(missed(get(log(few).join(c, first, null))).entries()).hasSize(10);
        Position tenth = append(log(few), note(c, 11)).position();
        assertThat(gap(get(log(few).join(c, first, null)))).isEqualTo(ResumeGap.Reason.LIMIT);
        append(log(few), event("agent.note", c, "'filler':'" + "x".repeat(3_000) + "'"));
        assertThat(gap(get(log(few).join(c, tenth, null)))).isEqualTo(ResumeGap.Reason.LIMIT);
    }

    @Test
    default void aRunInProgressIsInTheSnapshotAndItsEndMakesAMessageOfIt() {
        String c = Ids.random();
        appendAll(
                log(),
                event("agent.run.started", c, "'run':'r1','agent':'triage','message_id':'m1'"),
                event("agent.response.streaming", c, "'run':'r1','agent':'triage','chunk':'Gr\\u00fc\\ud83d'"),
                event("agent.response.streaming", c, "'run':'r1','agent':'triage','chunk':'\\ude00 \\\"du\\\"\\n'"),
                event("agent.tool.started", c, "'run':'r1','agent':'triage','tool':'Look up','tool_call_id':'t1'"),
                event("agent.tool.started", c, "'run':'r1','agent':'triage','tool':'other'"),
                event("agent.tool.completed", c, "'run':'r1','agent':'triage','tool':'other'"),
                event("agent.response.streaming", c, "'agent':'billing','chunk':'implicit'"));
        List<String> runs = snapshot(get(log().join(c, null, null))).runs();
        assertThat(runs).hasSize(2);
        assertThat(runs)
                .anySatisfy(run -> assertThat(run)
                        .contains("\"run\":\"r1\"", "\"message_id\":\"m1\"", "\"agent\":\"triage\"")
                        .contains("\"text\":\"Gr\\u00fc\\ud83d\\ude00 \\\"du\\\"\\n\"")
                        .contains("\"tools\":[{\"tool\":\"Look up\",\"tool_call_id\":\"t1\"}]"));
        assertThat(runs)
                .anySatisfy(
                        run -> assertThat(run).contains("\"text\":\"implicit\"").doesNotContain("\"run\""));
        appendAll(
                log(),
                event("agent.run.completed", c, "'run':'r1'"),
                event("agent.response.completed", c, "'agent':'billing'"));
        JoinResult.Snapshot after = snapshot(get(log().join(c, null, null)));
        assertThat(after.runs()).isEmpty();
        assertThat(after.messages())
                .contains(
                        "\"seq\":1,\"role\":\"assistant\",\"content\":\"Gr\\u00fc\\ud83d\\ude00 \\\"du\\\"\\n\",\"agent\":\"triage\",\"message_id\":\"m1\"")
                .contains("\"seq\":2,\"role\":\"assistant\",\"content\":\"implicit\",\"agent\":\"billing\"");
        assertThat(commands().keys("run:conv:{" + c + "}*")).isEmpty();
    }

    @Test
    default void aFailedRunKeepsWhatItSaidAndAnEndWithContentReplacesIt() {
        String c = Ids.random();
        appendAll(
                log(),
                event("agent.response.streaming", c, "'run':'r1','chunk':'half'"),
                event("agent.run.failed", c, "'run':'r1'"),
                event("agent.response.streaming", c, "'run':'r2','chunk':'draft'"),
                event("agent.response.completed", c, "'run':'r2','content':'final'"),
                event("agent.run.completed", c, "'run':'r2'"),
                event("agent.run.completed", c, "'run':'never begun'".replace(' ', '_')));
        assertThat(snapshot(get(log().join(c, null, null))).messages())
                .contains("\"content\":\"half\"", "\"failed\":true", "\"content\":\"final\"")
                .doesNotContain("draft")
                .doesNotContain("\"seq\":3");
    }

    @Test
    default void aPieceWhoseEventCantGoIntoTheLogIsNotKept() {
        String c = Ids.random();
        AppendRequest more = event("agent.response.streaming", c, "'run':'r1','agent':'a','chunk':' more'");
        append(log(), event("agent.response.streaming", c, "'run':'r1','agent':'a','chunk':'some'"));
        List<String> before = ids(c);
        assertThat(commands().rename(Keys.DEFAULT.log(c), "aside:{" + c + "}")).isEqualTo("OK");
        assertThat(commands().set(Keys.DEFAULT.log(c), "no stream")).isEqualTo("OK");
        assertThat(refusal(log(), more).code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(refusal(log(), event("agent.response.streaming", c, "'run':'r2','agent':'a','chunk':'other'"))
                        .code())
                .isEqualTo(ErrorCode.CONFLICT);
        assertThat(commands().rename("aside:{" + c + "}", Keys.DEFAULT.log(c))).isEqualTo("OK");
        assertThat(ids(c)).isEqualTo(before);
        append(log(), more);
        assertThat(commands().get(Keys.DEFAULT.runs(c) + ":r1\na")).isEqualTo("some more");
        assertThat(commands().pttl(Keys.DEFAULT.runs(c) + ":r1\na")).isPositive();
        assertThat(commands().exists(Keys.DEFAULT.runs(c) + ":r2\na")).isZero();
    }

    @Test
    default void whatIsRememberedOfRunsThatHaveEndedIsBoundedAndExpires() {
        String c = Ids.random();
        for (int batch = 0; batch < 4; batch++) {
            AppendRequest[] appends = new AppendRequest[100];
            for (int i = 0; i < appends.length; i++) {
                appends[i] =
                        event("agent.run.completed", c, "'run':'r" + batch + "-" + i + "','agent':'a','content':'x'");
            }
            appendAll(log(), appends);
        }
        assertThat(commands().zcard("ended:conv:{" + c + "}")).isEqualTo(256);
        assertThat(commands().pttl("ended:conv:{" + c + "}")).isPositive();
        Position last = append(log(), event("agent.usage", c, "'run':'r3-99','agent':'a'"))
                .position();
        append(log(), event("agent.usage", c, "'run':'r0-0','agent':'a'"));
        append(log(), event("agent.usage", c, "'run':'r0-0','agent':'a'"));
        assertThat(missed(get(log().join(c, last, null))).entries())
                .extracting(LogEntry::late)
                .containsExactly(false, false);
        append(log(), event("agent.usage", c, "'run':'r3-99','agent':'a'"));
        assertThat(missed(get(log().join(c, last, null))).entries())
                .extracting(LogEntry::late)
                .containsExactly(false, false, true);
    }

    @Test
    default void aRunsTextIsBoundedAndSaysSo() {
        String c = Ids.random();
        StoreSettings small = TestSettings.of(StoreSettings.class, "log.max-run-text", "10");
        append(log(small), event("agent.response.streaming", c, "'run':'r1','chunk':'12345678'"));
        append(log(small), event("agent.response.streaming", c, "'run':'r1','chunk':'9ABC'"));
        append(log(small), event("agent.response.streaming", c, "'run':'r1','chunk':'D'"));
        append(log(small), event("agent.response.streaming", c, "'run':'r1','chunk':'longer than all of it'"));
        assertThat(snapshot(get(log(small).join(c, null, null))).runs().get(0))
                .contains("\"truncated\":true", "\"text\":\"12345678\"");
        append(log(small), event("agent.run.completed", c, "'run':'r1'"));
        assertThat(snapshot(get(log(small).join(c, null, null))).messages())
                .contains("\"content\":\"12345678\"", "\"truncated\":true");
    }

    @Test
    default void aConversationThatRedisRefusesCostsTheOthersOfItsBatchNothing() {
        String bad = Ids.random();
        String good = Ids.random();
        assertThat(commands().set(Keys.DEFAULT.log(bad), "no stream")).isEqualTo("OK");
        List<AppendResult> outcomes =
                get(log().append(null, List.of(note(bad, 1), note(good, 1), note(bad, 2), note(good, 2))));
        assertThat(outcomes).extracting(outcome -> outcome.refusal() == null).containsExactly(false, true, false, true);
        assertThat(Objects.requireNonNull(outcomes.get(0).refusal()).code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(commands().xlen(Keys.DEFAULT.log(good))).isEqualTo(2);
    }

    @Test
    default void aHandOffDecidesTheCurrentAgentWithAndWithoutASession() {
        String c = Ids.random();
        assertThat(get(log().currentAgent(c, "triage"))).isEqualTo("triage");
        append(log(), event("agent.handoff.completed", c, "'from':'triage','to':'billing'"));
        assertThat(get(log().currentAgent(c, "triage"))).isEqualTo("billing");
        assertThat(commands().exists(Keys.DEFAULT.session(c)))
                .as("no half session")
                .isZero();
    }

    @Test
    default void aConversationBelongsToWhoMadeItAndToNobodyElse() {
        String c = Ids.random();
        Access acme = new Access("acme", true, true);
        Access other = new Access("other", true, true);
        assertThat(append(log(), AppendRequest.by(acme, note(c, 1).event())).duplicate())
                .isFalse();
        assertThat(refusal(log(), AppendRequest.by(other, note(c, 2).event())).code())
                .isEqualTo(ErrorCode.NOT_FOUND);
        assertThatThrownBy(() -> get(log().join(c, null, other))).isInstanceOf(ParleyException.class);
        assertThat(snapshot(get(log().join(c, null, acme))).last()).isNotEqualTo(Position.ZERO);
        Access granted = new Access("other", false, true);
        assertThat(snapshot(get(log().join(c, null, granted))).last()).isNotEqualTo(Position.ZERO);

        String agentsOnly = Ids.random();
        append(log(), note(agentsOnly, 1));
        assertThatThrownBy(() -> get(log().join(agentsOnly, null, acme))).isInstanceOf(ParleyException.class);
        Access ofDefault = new Access("default", true, false);
        assertThat(snapshot(get(log().join(agentsOnly, null, ofDefault))).last())
                .isNotEqualTo(Position.ZERO);

        String unknown = Ids.random();
        assertThatThrownBy(() -> get(log().join(unknown, null, new Access("acme", true, false))))
                .isInstanceOf(ParleyException.class);
        assertThat(snapshot(get(log().join(unknown, null, acme))).last()).isEqualTo(Position.ZERO);
    }

    @Test
    default void whatStandsMixedInABatchIsAnsweredInItsOrder() {
        String a = Ids.random();
        String b = Ids.random();
        List<StoredEvent> mixed = appendAll(
                log(),
                note(a, 1),
                withId(note(b, 1), "x"),
                note(a, 2),
                withId(note(a, 3), "x"),
                note(b, 2),
                withId(note(b, 1), "x"));
        assertThat(mixed).extracting(StoredEvent::duplicate).containsExactly(false, false, false, false, false, true);
        assertThat(mixed.get(5).position()).isEqualTo(mixed.get(1).position());
        assertThat(ids(a)).containsExactly(position(mixed.get(0)), position(mixed.get(2)), position(mixed.get(3)));
        assertThat(ids(b)).containsExactly(position(mixed.get(1)), position(mixed.get(4)));
    }

    private static String position(StoredEvent appended) {
        return appended.position().toString();
    }

    private List<String> ids(String conversation) {
        return commands().xrange(Keys.DEFAULT.log(conversation), Range.unbounded()).stream()
                .map(StreamMessage::getId)
                .toList();
    }

    /** Meta's counters: last position, bytes, events. */
    private String[] counters(String conversation) {
        return Objects.requireNonNull(commands().hget(Keys.DEFAULT.meta(conversation), "log"))
                .split(" ", -1);
    }

    @Test
    default void countsGoOnBeyondWhatAnIntHolds() {
        String c = Ids.random();
        Position last = append(log(), note(c, 1)).position();
        // Nearly 2^53, as far as a script's numbers are exact.
        String many = "9007199254000000";
        assertThat(commands().hset(Keys.DEFAULT.meta(c), "log", last + " " + many + " " + many))
                .isFalse();
        AppendRequest next = note(c, 2);
        int size = next.event().bytes().length;
        append(log(), next);
        assertThat(counters(c)).contains(String.valueOf(Long.parseLong(many) + size), "9007199254000001");
        append(log(), note(c, 3));
        assertThat(counters(c)).contains(String.valueOf(Long.parseLong(many) + 2L * size), "9007199254000002");
        assertThat(commands().hdel(Keys.DEFAULT.meta(c), "log")).isEqualTo(1);
        append(log(), note(c, 4));
        assertThat(counters(c)).contains(String.valueOf(Long.parseLong(many) + 3L * size), "9007199254000003");
    }

    @Test
    default void positionsAreExactInTheMillisecondThatIsFull() {
        String c = Ids.random();
        Position ahead = new Position(System.currentTimeMillis() + 60_000, 4_094);
        assertThat(commands().hset(Keys.DEFAULT.meta(c), "log", ahead + " 0 0")).isTrue();
        List<StoredEvent> behind = appendAll(log(), withId(note(c, 1), "a"), withId(note(c, 2), "b"), note(c, 3));
        assertThat(behind)
                .extracting(StoredEvent::position)
                .containsExactly(
                        new Position(ahead.millis(), 4_095),
                        new Position(ahead.millis() + 1, 0),
                        new Position(ahead.millis() + 1, 1));
        List<StoredEvent> again = appendAll(log(), withId(note(c, 1), "a"), withId(note(c, 2), "b"));
        assertThat(again)
                .extracting(StoredEvent::position)
                .containsExactly(behind.get(0).position(), behind.get(1).position());
    }

    @Test
    default void aLogWithoutItsMetaStaysItsTenants() {
        String c = Ids.random();
        Access acme = new Access("acme", true, true);
        append(log(), AppendRequest.by(acme, note(c, 0).event()));
        assertThat(commands().hset(Keys.DEFAULT.session(c), Map.of("tenant_id", "acme", "generation", "1")))
                .isEqualTo(2);
        assertThat(commands().del(Keys.DEFAULT.meta(c))).isEqualTo(1);
        assertThat(refusal(
                                log(),
                                AppendRequest.by(
                                        new Access("other", true, true),
                                        note(c, 1).event()))
                        .code())
                .isEqualTo(ErrorCode.NOT_FOUND);
        append(log(), AppendRequest.by(acme, note(c, 2).event()));
        assertThat(commands().hget(Keys.DEFAULT.meta(c), "tenant")).isEqualTo("acme");
    }

    /** A conversation of which only the session is left, as after two hours with a session that is not archived yet. */
    private String onlyTheSessionOf(Access tenant) {
        String c = Ids.random();
        append(log(), AppendRequest.by(tenant, message(c, "m1")));
        assertThat(commands().del(Keys.DEFAULT.meta(c), Keys.DEFAULT.log(c), Keys.DEFAULT.seen(c)))
                .isEqualTo(3);
        assertThat(commands().hget(Keys.DEFAULT.session(c), "tenant_id")).isEqualTo(tenant.tenant());
        return c;
    }

    private static AgentEvent message(String conversation, String id) {
        byte[] text = "\"hi\"".getBytes(StandardCharsets.UTF_8);
        return new AgentEvent(
                "user.message",
                Kind.USER_MESSAGE,
                conversation,
                id,
                null,
                null,
                id,
                text,
                null,
                null,
                null,
                0,
                event("user.message", conversation, "'content':'hi'").event().bytes());
    }

    private void assertIsOf(Access tenant, Access other, String c) {
        assertThat(refusal(log(), AppendRequest.by(other, note(c, 1).event())).code())
                .isEqualTo(ErrorCode.NOT_FOUND);
        assertThat(refusal(log(), AppendRequest.by(other, message(c, "m2"))).code())
                .isEqualTo(ErrorCode.NOT_FOUND);
        assertThatThrownBy(() -> log().requireAccess(c, other).block(Patience.ofSeconds(10)))
                .isInstanceOf(ParleyException.class);
        assertThatThrownBy(() -> get(log().join(c, null, other))).isInstanceOf(ParleyException.class);
        assertThat(log().requireAccess(c, tenant).blockOptional(Patience.ofSeconds(10)))
                .isEmpty();
        assertThat(get(log().join(c, null, tenant))).isInstanceOf(JoinResult.Snapshot.class);
    }

    @Test
    default void aSessionThatOutlivesItsLogAndMetaStaysItsTenants() {
        Access acme = new Access("acme", true, true);
        Access other = new Access("other", true, true);
        String c = onlyTheSessionOf(acme);
        assertIsOf(acme, other, c);
        append(log(), AppendRequest.by(acme, message(c, "m3")));
        assertThat(commands().hget(Keys.DEFAULT.meta(c), "tenant")).isEqualTo("acme");
        assertIsOf(acme, other, c);

        String late = onlyTheSessionOf(acme);
        append(log(), note(late, 1));
        assertIsOf(acme, other, late);
        append(log(), AppendRequest.by(acme, note(late, 2).event()));

        String defaults = onlyTheSessionOf(new Access("default", true, true));
        assertIsOf(new Access("default", true, true), acme, defaults);
    }

    @Test
    default void whatBecameASessionOfTheDefaultTenantStaysItsOwn() {
        String c = Ids.random();
        append(log(), note(c, 1));
        append(log(), AppendRequest.by(new Access("default", true, true), message(c, "m1")));
        append(log(), AppendRequest.by(new Access("acme", false, true), message(c, "m2")));
        assertThat(commands().hget(Keys.DEFAULT.session(c), "tenant_id")).isEqualTo("default");
        assertIsOf(new Access("default", true, true), new Access("acme", true, true), c);
    }

    private static AppendRequest end(String c, int run, String more) {
        return withId(event("agent.run.completed", c, "'run':'r" + run + "'" + more), "end-" + run);
    }

    @Test
    default void answersHaveARoomOfTheirOwnWhileTheRecordIsBehind() {
        String c = Ids.random();
        Access acme = new Access("acme", true, true);
        RedisEventStore log = log(TestSettings.of(
                StoreSettings.class, "postgres.embedded", "true", "sessions.unarchived", "2", "runs.silence", "1ms"));
        append(log, AppendRequest.by(acme, message(c, "m1")));
        append(log, AppendRequest.by(acme, message(c, "m2")));
        assertThat(refusal(log, AppendRequest.by(acme, message(c, "m3"))).code())
                .isEqualTo(ErrorCode.OVERLOADED);
        append(log, AppendRequest.by(acme, end(c, 1, ",'content':'one'").event()));
        append(log, AppendRequest.by(acme, end(c, 2, ",'content':'two'").event()));
        append(
                log,
                AppendRequest.by(
                        acme,
                        withId(event("agent.response.streaming", c, "'run':'r4','chunk':'four'"), "c4")
                                .event()));

        AppendRequest third =
                AppendRequest.by(acme, end(c, 3, ",'content':'three'").event());
        ParleyException refusal = refusal(log, third);
        assertThat(refusal.code()).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(refusal.retryMs()).isPositive();
        assertThat(refusal(log, AppendRequest.by(acme, end(c, 4, "").event())).code())
                .isEqualTo(ErrorCode.OVERLOADED);
        append(log, AppendRequest.by(acme, end(c, 5, "").event()));
        assertThat(append(
                                log,
                                AppendRequest.by(
                                        acme, end(c, 1, ",'content':'one'").event()))
                        .duplicate())
                .isTrue();

        // A stream does not wait, and a run whose agent has died ends.
        try (LogWatch warnings = LogWatch.open()) {
            AppendResult streamed = get(log.append("s", List.of(AppendRequest.from("5-0", third.event()))))
                    .get(0);
            assertThat(streamed.orThrow().duplicate()).isFalse();
            while (failures(c) == 0) {
                assertThat(log.endLostRuns(c).thenReturn(true).block(Patience.ofSeconds(10)))
                        .isTrue();
            }
            assertThat(warnings.lines()).anySatisfy(line -> assertThat(line).contains("in the log only", c));
        }
        assertThat(snapshot(get(log.join(c, null, null))).runs()).isEmpty();
        assertThat(commands().xlen(Keys.DEFAULT.messages(c))).isEqualTo(4);
        assertThat(commands().hget(Keys.DEFAULT.session(c), "message_count")).isEqualTo("4");

        assertThat(commands().hset(Keys.DEFAULT.session(c), "archived_seq", "4"))
                .isTrue();
        append(log, AppendRequest.by(acme, end(c, 6, ",'content':'six'").event()));
        assertThat(commands().xlen(Keys.DEFAULT.messages(c))).isEqualTo(5);
    }

    @Test
    default void textOfRunsThatTakeTurnsIsKeptApart() {
        String c = Ids.random();
        List<AppendRequest> pieces = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            pieces.add(event(
                    "agent.response.streaming",
                    c,
                    "'run':'r" + i % 3 + "','agent':'a" + i % 3 + "','chunk':'" + i + "'"));
        }
        appendAll(log(), pieces.toArray(AppendRequest[]::new));
        List<String> runs = snapshot(get(log().join(c, null, null))).runs();
        for (int i = 0; i < 3; i++) {
            String run = "\"run\":\"r" + i + "\"";
            String agent = "\"agent\":\"a" + i + "\"";
            String text = "\"text\":\"" + i + (i + 3) + (i + 6) + "\"";
            assertThat(runs).anySatisfy(one -> assertThat(one).contains(run, agent, text));
        }
    }

    @Test
    default void whatFailsHalfWayStopsItsConversationAndKeepsItsCountsRight() {
        String c = Ids.random();
        String other = Ids.random();
        append(log(), note(c, 1));
        assertThat(commands().set(Keys.DEFAULT.runs(c), "no hash")).isEqualTo("OK");
        List<AppendResult> outcomes = get(log().append(
                        null,
                        List.of(
                                note(c, 2),
                                event("agent.run.started", c, "'run':'r1','agent':'a'"),
                                note(other, 1),
                                note(c, 3))));
        assertThat(outcomes).extracting(outcome -> outcome.refusal() == null).containsExactly(true, false, true, false);
        assertThat(counters(c)[0]).isEqualTo(ids(c).get(1));
        assertThat(counters(c)[2]).isEqualTo("2");
        assertThat(commands().del(Keys.DEFAULT.runs(c))).isEqualTo(1);
        append(log(), note(c, 4));
        assertThat(counters(c)[2]).isEqualTo("3");
    }

    static ParleyException refusal(RedisEventStore log, AppendRequest append) {
        return Objects.requireNonNull(
                get(log.append(null, List.of(append))).get(0).refusal());
    }

    @Test
    default void aScriptThatRedisHasForgottenIsSentAgain() {
        String c = Ids.random();
        append(log(), note(c, 1));
        assertThat(commands().scriptFlush()).isEqualTo("OK");
        append(log(), note(c, 2));
        assertThat(commands().xlen(Keys.DEFAULT.log(c))).isEqualTo(2);
    }

    @Test
    default void manyAreLookedAtTogether() {
        String c = Ids.random();
        List<String> names =
                IntStream.range(0, 300).mapToObj(i -> "many-" + i + "-" + c).toList();
        Position one = append(log(), note(names.get(0), 1)).position();
        Position other = append(log(), event("agent.run.started", names.get(299), "'run':'r1','agent':'triage'"))
                .position();
        Map<String, LogHead> glances = get(
                log().glance(names).flatMapIterable(Map::entrySet).collectMap(Map.Entry::getKey, Map.Entry::getValue));
        assertThat(glances)
                .hasSize(300)
                .containsEntry(names.get(0), new LogHead(one, false))
                .containsEntry(names.get(299), new LogHead(other, true))
                .containsEntry(names.get(1), new LogHead(Position.ZERO, false));
    }

    /** A log for which whatever is a moment old is silent. */
    private RedisEventStore impatient() {
        return log(TestSettings.of(StoreSettings.class, "runs.silence", "1ms"));
    }

    private long failures(String conversation) {
        return commands().xrange(Keys.DEFAULT.log(conversation), Range.unbounded()).stream()
                .filter(entry ->
                        Objects.requireNonNull(entry.getBody().get("e")).contains("\"agent_lost\""))
                .count();
    }

    /** Many at once, as nodes and joins would, until it is over. */
    private void endLostRuns(String conversation) {
        while (failures(conversation) == 0) {
            assertThat(Flux.range(0, 8)
                            .flatMap(i -> impatient().endLostRuns(conversation), 8)
                            .then(Mono.just(true))
                            .block(Patience.ofSeconds(10)))
                    .isTrue();
        }
    }

    @Test
    default void aSilentRunIsEndedOnceWhoeverAsks() {
        String c = Ids.random();
        appendAll(
                log(),
                event("agent.run.started", c, "'run':'r1','agent':'triage','message_id':'m1'"),
                event("agent.response.streaming", c, "'run':'r1','agent':'triage','chunk':'half'"),
                event("agent.tool.started", c, "'run':'r1','agent':'triage','tool':'t'"));
        endLostRuns(c);
        assertThat(failures(c)).isEqualTo(1);
        JoinResult.Snapshot after = snapshot(get(log().join(c, null, null)));
        assertThat(after.runs()).isEmpty();
        assertThat(after.messages())
                .contains("\"content\":\"half\",\"agent\":\"triage\",\"message_id\":\"m1\",\"failed\":true");
        assertThat(commands().keys("run:conv:{" + c + "}*")).isEmpty();
    }

    @Test
    default void whatComesOfALostRunIsInTheLogAndOpensItOnlyWithAStartOfItsOwn() {
        String c = Ids.random();
        append(log(), event("agent.response.streaming", c, "'run':'r1','agent':'triage','chunk':'half'"));
        endLostRuns(c);
        appendAll(
                log(),
                event("agent.response.streaming", c, "'run':'r1','agent':'triage','chunk':'late'"),
                event("agent.tool.started", c, "'run':'r1','agent':'triage','tool':'t'"),
                event("agent.response.completed", c, "'run':'r1','agent':'triage','content':'all of it'"));
        assertThat(commands().xlen(Keys.DEFAULT.log(c))).isEqualTo(5);
        assertThat(snapshot(get(log().join(c, null, null))).runs()).isEmpty();
        assertThat(snapshot(get(log().join(c, null, null))).messages()).contains("half", "all of it");
        assertThat(commands().exists(Keys.DEFAULT.runs(c))).isZero();
        appendAll(
                log(),
                event("agent.run.started", c, "'run':'r1','agent':'triage'"),
                event("agent.response.streaming", c, "'run':'r1','agent':'triage','chunk':'again'"));
        assertThat(snapshot(get(log().join(c, null, null))).runs())
                .singleElement(InstanceOfAssertFactories.STRING)
                .contains("\"text\":\"again\"");
    }

    @Test
    default void aJoinEndsWhatIsSilentBeforeItReads() {
        String c = Ids.random();
        append(log(), event("agent.response.streaming", c, "'agent':'triage','chunk':'half'"));
        long began = System.currentTimeMillis() - 600_000;
        assertThat(commands()
                        .hset(
                                Keys.DEFAULT.runs(c),
                                "r \ntriage",
                                "{\"message_id\":\"m\",\"agent\":\"triage\",\"position\":\"" + began + "-0\"}"))
                .isFalse();
        // It began long ago, and was heard of just now.
        assertThat(snapshot(get(log().join(c, null, null))).runs()).hasSize(1);
        assertThat(failures(c)).isZero();
        assertThat(commands().hget(Keys.DEFAULT.runs(c), "a \ntriage")).isNotNull();
        JoinResult.Snapshot after = snapshot(get(impatient().join(c, null, null)));
        while (failures(c) == 0) {
            // Redis' clock had not moved on.
            after = snapshot(get(impatient().join(c, null, null)));
        }
        assertThat(after.runs()).isEmpty();
        assertThat(after.messages()).contains("\"failed\":true");
        assertThat(commands().exists(Keys.DEFAULT.runs(c))).isZero();
    }

    @Test
    default void onlyItsOwnEventsKeepARunAndTheLeaseIsTheOneItDeclares() {
        String c = Ids.random();
        append(log(), event("agent.run.started", c, "'run':'r1','agent':'a','lease_ms':60000"));
        append(log(), event("agent.run.started", c, "'run':'r2','agent':'a'"));
        assertThat(commands().hget(Keys.DEFAULT.runs(c), "l r1\na")).isEqualTo("60000");
        long began = System.currentTimeMillis() - 120_000;
        for (String run : List.of("r1", "r2")) {
            assertThat(commands()
                            .hset(
                                    Keys.DEFAULT.runs(c),
                                    "r " + run + "\na",
                                    "{\"message_id\":\"" + run + "\",\"agent\":\"a\",\"position\":\"" + began
                                            + "-0\"}"))
                    .isFalse();
        }
        append(log(), event("agent.run.heartbeat", c, "'run':'r1'"));
        assertThat(get(log().endLostRuns(c))).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
        append(log(), event("agent.run.heartbeat", c, "'run':'r1','lease_ms':90000"));
        assertThat(commands().hget(Keys.DEFAULT.runs(c), "l r1\na")).isEqualTo("90000");
        assertThat(failures(c)).isZero();
        // What was trimmed may have been its own.
        assertThat(commands().hset(Keys.DEFAULT.runs(c), "a r1\na", String.valueOf(began)))
                .isFalse();
        assertThat(commands().xtrim(Keys.DEFAULT.log(c), 0)).isPositive();
        append(log(), event("agent.note", c, "'run':'r2','about':'r1'"));
        assertThat(get(log().endLostRuns(c))).isGreaterThan(Duration.ofSeconds(50));
        assertThat(failures(c)).isZero();

        String other = Ids.random();
        append(log(), event("agent.note", other, "'run':'r2','about':'r1'"));
        assertThat(commands()
                        .hset(
                                Keys.DEFAULT.runs(other),
                                "r r1\na",
                                "{\"message_id\":\"r1\",\"agent\":\"a\",\"position\":\"" + (began - 600_000) + "-0\"}"))
                .isTrue();
        assertThat(log().endLostRuns(other).blockOptional(Patience.ofSeconds(10)))
                .isEmpty();
        assertThat(failures(other)).isEqualTo(1);
    }
}
