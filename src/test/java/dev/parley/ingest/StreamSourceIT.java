package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.TestServer;
import dev.parley.store.RedisEventStore;
import dev.parley.store.StoreSettings;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.Consumer;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.SetArgs;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StreamSourceIT {

    /** Not the one of all tests: for ten minutes a loss concerns every conversation that is new there. */
    private final EmbeddedRedis server = EmbeddedRedis.start();

    private final RedisClient client = RedisClient.create(server.uri());
    private final Redis redis = TestServer.connect(server.uri());
    private final RedisCommands<String, String> commands = client.connect().sync();
    /** A reader that has been refused something begins again with its group. */
    private static final Pattern REFUSED = Pattern.compile("cmdstat_xgroup\\|create:.*rejected_calls=([0-9]+)");

    private final String stream = "stream:" + Ids.random();
    private final String conversation = Ids.random();
    private final Queue<String> stored = new ConcurrentLinkedQueue<>();
    private StreamSource source = source();

    private StreamSource source() {
        return source(3);
    }

    private StreamSource source(int maxDeliveries) {
        return source(Keys.DEFAULT, maxDeliveries);
    }

    /** @param lease names the lease, and nothing else */
    private StreamSource source(Keys lease, int maxDeliveries) {
        return new StreamSource(
                new RedisDurableStream(redis, lease, "test", stream, Duration.ofSeconds(1)),
                new RedisEventStore(redis, Keys.DEFAULT, TestSettings.of(StoreSettings.class)),
                TestSettings.of(
                        IngestSettings.class,
                        "batch",
                        "100",
                        "lease",
                        "1s",
                        "max-deliveries",
                        String.valueOf(maxDeliveries)),
                new StreamQuota(List.of(stream)),
                (conversation, at) -> stored.add(at.toString()),
                System::nanoTime);
    }

    @AfterEach
    void clean() {
        source.dispose();
        assertThat(commands.del(
                        stream,
                        "{" + stream + "}:read",
                        Keys.DEFAULT.streamsLost(),
                        stream + ":dead",
                        Keys.DEFAULT.log(conversation),
                        Keys.DEFAULT.meta(conversation)))
                .isNotNegative();
        stored.clear();
        source = source();
    }

    @AfterAll
    void close() {
        redis.close().block(Patience.ofSeconds(10));
        client.shutdown();
        server.close();
    }

    private void add(int n) {
        commands.xadd(
                stream,
                Map.of(
                        "event",
                        "agent.note",
                        "payload",
                        "{\"conversation_id\":\"" + conversation + "\",\"n\":" + n + "}"));
    }

    private List<String> logged() {
        return commands.xrange(Keys.DEFAULT.log(conversation), Range.unbounded()).stream()
                .map(entry -> Objects.requireNonNull(entry.getBody().get("e")).replaceAll(".*\"n\":(\\d+).*", "$1"))
                .toList();
    }

    /** Whether the group stands at the stream's end, and nothing of it is pending. */
    private boolean readUp() {
        List<?> group = (List<?>) commands.xinfoGroups(stream).get(0);
        Object delivered = group.get(group.indexOf("last-delivered-id") + 1);
        String last = commands.xrevrange(stream, Range.unbounded(), Limit.from(1))
                .get(0)
                .getId();
        return last.equals(delivered) && commands.xpending(stream, "gateway").getCount() == 0;
    }

    @Test
    void aStreamThatIsNotThereYetIsWaitedFor() {
        source.open();
        Await.until(() -> commands.exists(stream) == 1);
        add(1);
        Await.until(() -> logged().equals(List.of("1")));
        Await.until(this::readUp);
    }

    @Test
    void whatStoodInTheStreamBeforeIsReadInOrder() {
        for (int n = 0; n < 1_000; n++) {
            add(n);
        }
        source.open();
        Await.until(() -> source.appended() == 1_000);
        assertThat(logged()).hasSize(1_000).isSortedAccordingTo((a, b) -> Integer.parseInt(a) - Integer.parseInt(b));
        assertThat(stored)
                .as("the hub is told what must be in the log")
                .containsExactlyElementsOf(commands.xrange(Keys.DEFAULT.log(conversation), Range.unbounded()).stream()
                        .map(StreamMessage::getId)
                        .toList());
        Await.until(this::readUp);
    }

    @Test
    @SuppressWarnings("unchecked") // Lettuce's varargs
    void entriesThatAReaderOfAnotherKindLeftPendingComeFirstAndNoneComesTwice() {
        for (int n = 0; n < 10; n++) {
            add(n);
        }
        assertThat(commands.xgroupCreate(
                        XReadArgs.StreamOffset.from(stream, "0"), "gateway", XGroupCreateArgs.Builder.mkstream()))
                .isEqualTo("OK");
        List<StreamMessage<String, String>> taken = commands.xreadgroup(
                Consumer.from("gateway", "another"),
                XReadArgs.Builder.count(4),
                XReadArgs.StreamOffset.lastConsumed(stream));
        assertThat(taken).hasSize(4);
        source.open();
        Await.until(() -> source.appended() == 10);
        Await.until(this::readUp);
        source.dispose();
        assertThat(logged()).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

        // As after a crash between append and acknowledgement: the same entries are read again.
        assertThat(commands.xgroupDestroy(stream, "gateway")).isTrue();
        source = source();
        source.open();
        Await.until(() -> source.appended() == 10);
        assertThat(logged()).hasSize(10);
        assertThat(stored).as("not of what was there already").hasSize(10);
    }

    @Test
    void ofTwoReadersOneReadsAndTheOtherTakesOverWithoutLossOrRepeat() {
        StreamSource other = source();
        try {
            source.open();
            other.open();
            for (int n = 0; n < 2_000; n++) {
                add(n);
            }
            Await.until(() -> source.appended() + other.appended() == 2_000);
            assertThat(List.of(source.appended(), other.appended())).containsExactlyInAnyOrder(0L, 2_000L);
            StreamSource first = source.appended() > 0 ? source : other;
            first.dispose(); // without a word, as a killed node
            for (int n = 2_000; n < 2_100; n++) {
                add(n);
            }
            Await.until(() -> source.appended() + other.appended() == 2_100);
            List<String> counts = commands.xrange(Keys.DEFAULT.log(conversation), Range.unbounded()).stream()
                    .map(entry -> Objects.requireNonNull(entry.getBody().get("m")))
                    .toList();
            assertThat(counts.get(counts.size() - 1)).endsWith(" 2100");
            assertThat(logged().get(logged().size() - 1)).isEqualTo("2099");
        } finally {
            other.dispose();
        }
    }

    /** As while nodes are upgraded one by one, when the lease's name changes: both have one. */
    @Test
    void readersOfDifferentLeasesAppendEachEntryOnceAndInOrder() {
        StreamSource other = source(new Keys("other:"), 3);
        try {
            source.open();
            other.open();
            Await.until(() -> source.reading() && other.reading());
            for (int n = 0; n < 900; n++) {
                add(n);
            }
            Await.until(() -> logged().size() == 900 && readUp());
            other.dispose(); // the group is wherever the last commit of either has left it
            for (int n = 900; n < 950; n++) {
                add(n);
            }
            Await.until(() -> logged().size() == 950 && readUp());
            assertThat(logged())
                    .containsExactlyElementsOf(
                            IntStream.range(0, 950).mapToObj(Integer::toString).toList());
        } finally {
            other.dispose();
            assertThat(commands.del("other:{" + stream + "}:lease", "other:{" + stream + "}:readers"))
                    .isPositive();
        }
    }

    @Test
    void aLostGroupIsMadeAgainAndNoEntryComesTwice() {
        add(1);
        source.open();
        Await.until(() -> logged().equals(List.of("1")));
        assertThat(commands.xgroupDestroy(stream, "gateway")).isTrue();
        add(2);
        Await.until(() -> logged().equals(List.of("1", "2")));
        Await.until(() -> commands.xinfoGroups(stream).size() == 1);
        assertThat(logged()).containsExactly("1", "2");
    }

    @Test
    void aLostStreamGetsItsGroupAgain() {
        source.open();
        add(1);
        Await.until(() -> logged().size() == 1);
        assertThat(commands.del(stream)).isEqualTo(1);
        add(2);
        Await.until(() -> logged().size() == 2);
    }

    @Test
    void whatIsInvalidGoesToTheDeadLettersAndHoldsNothingUp() {
        String noType = commands.xadd(stream, Map.of("nonsense", "1"));
        commands.xadd(stream, Map.of("event", "agent.note", "payload", "no json"));
        commands.xadd(stream, Map.of("event", "agent.note", "payload", "{}"));
        commands.xadd(stream, Map.of("data", "{\"event\":\"agent.note\"}"));
        commands.xadd(stream, Map.of("event", "agent.note", "payload", "{\"conversation_id\":\"x\"},\"a\":{}"));
        add(1);
        source.open();
        Await.until(() -> logged().equals(List.of("1")));
        Await.until(this::readUp);
        List<StreamMessage<String, String>> dead = commands.xrange(stream + ":dead", Range.unbounded());
        assertThat(dead).hasSize(5);
        assertThat(dead.get(0).getBody())
                .containsEntry("nonsense", "1")
                .containsEntry("dead_source_id", noType)
                .containsKeys("dead_reason", "dead_at");
        assertThat(source.dead()).isEqualTo(5);
    }

    @Test
    void anInvalidEntryOfThousandsOfFieldsGoesToTheDeadLettersAsItIs() {
        Map<String, String> fields = new HashMap<>();
        for (int n = 0; n < 5_000; n++) {
            fields.put("field" + n, "value" + n);
        }
        String id = commands.xadd(stream, fields);
        add(1);
        source.open();
        Await.until(() -> logged().equals(List.of("1")));
        Await.until(this::readUp);
        StreamMessage<String, String> dead =
                commands.xrange(stream + ":dead", Range.unbounded()).get(0);
        assertThat(dead.getId()).isEqualTo(id);
        assertThat(dead.getBody()).containsAllEntriesOf(fields).hasSize(5_003);
        DeadLetter letter =
                Objects.requireNonNull(new DeadLetters(redis, stream).list(1).blockFirst(Patience.ofSeconds(10)));
        assertThat(letter.fields()).hasSize(5_000);
    }

    @Test
    void anEntryThatTheDeadLettersDoNotTakeHoldsTheStreamForSomeTriesOnly() {
        assertThat(commands.set(stream + ":dead", "no stream")).isEqualTo("OK");
        String id = commands.xadd(stream, Map.of("nonsense", "1"));
        commands.xadd(stream, Map.of("nonsense", "2"));
        add(1);
        source.open();
        Await.until(() -> logged().equals(List.of("1")));
        Await.until(this::readUp);
        assertThat(source.passedOver()).isEqualTo(2);
        assertThat(source.dead()).isZero();
        assertThat(commands.xrange(stream, Range.create(id, id))).hasSize(1);
        assertThat(commands.exists("{" + stream + "}:refused")).isZero();
    }

    @Test
    void anEntryThatRedisRefusesAgainAndAgainIsGivenUpAndTheRestGoesOn() {
        String refusing = Ids.random();
        assertThat(commands.set(Keys.DEFAULT.log(refusing), "no stream")).isEqualTo("OK");
        add(1);
        commands.xadd(stream, Map.of("event", "agent.note", "conversation_id", refusing));
        add(2);
        source.open();
        Await.until(() -> commands.xlen(stream + ":dead") == 1);
        Await.until(this::readUp);
        assertThat(logged()).containsExactly("1", "2");
    }

    private long refusedReads() {
        Matcher calls = REFUSED.matcher(commands.info("commandstats"));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    @Test
    void whileRedisTakesNothingTheStreamWaitsAndNoEntryIsGivenUp() {
        source.open();
        add(0);
        Await.until(() -> logged().equals(List.of("0")));
        commands.multi();
        for (int n = 1; n <= 5; n++) {
            add(n);
        }
        commands.configSet("maxmemory", "1");
        assertThat(commands.exec().wasDiscarded()).isFalse();
        try {
            long before = refusedReads();
            Await.until(() -> refusedReads() > before + 4); // more tries than an entry has that is refused for itself
            assertThat(logged()).containsExactly("0");
        } finally {
            assertThat(commands.configSet("maxmemory", "0")).isEqualTo("OK");
        }
        Await.until(() -> logged().equals(List.of("0", "1", "2", "3", "4", "5")));
        assertThat(source.dead()).isZero();
    }

    @Test
    void whoeverTakesOverGoesOnCountingHowOftenAnEntryWasRefused() {
        String refusing = Ids.random();
        assertThat(commands.set(Keys.DEFAULT.log(refusing), "no stream")).isEqualTo("OK");
        String id = commands.xadd(stream, Map.of("event", "agent.note", "conversation_id", refusing));
        String refused = "{" + stream + "}:refused";
        assertThat(commands.hset(refused, id, "4999")).isTrue();
        StreamSource patient = source(5_000);
        patient.open();
        Await.until(() -> commands.xlen(stream + ":dead") == 1);
        Await.until(this::readUp);
        patient.dispose();
        assertThat(commands.exists(refused)).isZero();
    }

    @Test
    void aDeadLetterHasItsEntrysIdAndIsThereOnce() {
        String first = commands.xadd(stream, Map.of("nonsense", "1"));
        String second = commands.xadd(stream, Map.of("nonsense", "2"));
        source.open();
        Await.until(this::readUpAndDead);
        source.dispose();
        // As a reader that was killed before it could say how far it had got.
        assertThat(commands.xgroupDestroy(stream, "gateway")).isTrue();
        source = source();
        source.open();
        Await.until(this::readUpAndDead);
        assertThat(commands.xrange(stream + ":dead", Range.unbounded()))
                .extracting(StreamMessage::getId)
                .containsExactly(first, second);
    }

    private boolean readUpAndDead() {
        return commands.xlen(stream + ":dead") == 2
                && !commands.xinfoGroups(stream).isEmpty()
                && readUp();
    }

    @Test
    @SuppressWarnings("unchecked") // Lettuce's varargs
    void anEntryThatWasTrimmedWhilePendingHoldsNothingUp() {
        add(1);
        assertThat(commands.xgroupCreate(
                        XReadArgs.StreamOffset.from(stream, "0"), "gateway", XGroupCreateArgs.Builder.mkstream()))
                .isEqualTo("OK");
        assertThat(commands.xreadgroup(
                        Consumer.from("gateway", "another"), XReadArgs.StreamOffset.lastConsumed(stream)))
                .hasSize(1);
        add(2);
        assertThat(commands.xtrim(stream, 1)).isEqualTo(1);
        source.open();
        Await.until(() -> logged().equals(List.of("2")));
        Await.until(this::readUp);
    }

    @Test
    void aHolderThatLostItsLeaseMovesTheGroupNoMore() {
        add(1);
        source.open();
        Await.until(() -> logged().equals(List.of("1")));
        Await.until(this::readUp);
        // As after a pause that was longer than the lease: another node has it, for a while.
        String lease = "{" + stream + "}:lease";
        assertThat(commands.set(lease, "another", SetArgs.Builder.px(1_500))).isEqualTo("OK");
        add(2);
        while ("another".equals(commands.get(lease))) {
            assertThat(readUp() && "another".equals(commands.get(lease))).isFalse();
        }
        Await.until(() -> logged().equals(List.of("1", "2")));
        Await.until(this::readUp);
    }
}
