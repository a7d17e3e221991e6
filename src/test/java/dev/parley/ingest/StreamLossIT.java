package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.TestSettings;
import dev.parley.event.Ids;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.RedisSettings;
import dev.parley.redis.RedisTopology;
import dev.parley.store.RedisEventStore;
import dev.parley.store.StoreSettings;
import dev.parley.support.Await;
import dev.parley.support.Patience;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Entries of a stream go before anybody has read them, or after: only the former is a loss. */
class StreamLossIT {

    private static final String LOST = Keys.DEFAULT.streamsLost();

    private final EmbeddedRedis server = EmbeddedRedis.start();
    private final RedisClient client = RedisClient.create(server.uri());
    private final RedisCommands<String, String> commands = client.connect().sync();
    private final Redis redis =
            new Redis(RedisTopology.parse(server.uri()), "loss", TestSettings.of(RedisSettings.class));
    private final String stream = "stream:" + Ids.random();
    private final String conversation = Ids.random();
    private final List<StreamSource> sources = new ArrayList<>();

    @BeforeEach
    void connect() {
        redis.open();
    }

    @AfterEach
    void close() {
        sources.forEach(StreamSource::dispose);
        redis.close().block(Patience.ofSeconds(10));
        client.shutdown();
        server.close();
    }

    private StreamSource open(String node) {
        StreamSource source = new StreamSource(
                new RedisDurableStream(redis, Keys.DEFAULT, node, stream, Duration.ofSeconds(1)),
                new RedisEventStore(redis, Keys.DEFAULT, TestSettings.of(StoreSettings.class)),
                TestSettings.of(IngestSettings.class, "batch", "100", "lease", "1s", "max-deliveries", "3"),
                new StreamQuota(List.of(stream)),
                (conversation, at) -> {},
                System::nanoTime);
        sources.add(source);
        source.open();
        return source;
    }

    private Map<String, String> entry(int n) {
        return Map.of(
                "event", "agent.note", "payload", "{\"conversation_id\":\"" + conversation + "\",\"n\":" + n + "}");
    }

    private void add(int from, int to) {
        for (int n = from; n < to; n++) {
            assertThat(commands.xadd(stream, entry(n))).isNotEmpty();
        }
    }

    /** In one transaction, so that no reader comes in between. */
    private void addTrimmed(int from, int to, int kept) {
        commands.multi();
        for (int n = from; n < to; n++) {
            commands.xadd(stream, entry(n));
        }
        commands.xtrim(stream, kept);
        assertThat(commands.exec().wasDiscarded()).isFalse();
    }

    private List<String> logged() {
        return commands.xrange(Keys.DEFAULT.log(conversation), Range.unbounded()).stream()
                .map(entry -> Objects.requireNonNull(entry.getBody().get("e")).replaceAll(".*\"n\":(\\d+).*", "$1"))
                .toList();
    }

    /** Empty while there is no group. */
    private String group(String field) {
        List<Object> groups = commands.xinfoGroups(stream);
        if (groups.isEmpty()) {
            return "";
        }
        List<?> group = (List<?>) groups.get(0);
        return String.valueOf(group.get(group.indexOf(field) + 1));
    }

    private void awaitReadUp() {
        String last = commands.xrevrange(stream, Range.unbounded(), Limit.from(1))
                .get(0)
                .getId();
        Await.until("all is read", () -> group("last-delivered-id").equals(last));
        Await.until("all is counted", () -> group("lag").equals("0"));
    }

    private long told() {
        String count = commands.hget(LOST, "stream " + stream);
        return count == null ? 0 : Long.parseLong(count);
    }

    @Test
    void whatIsTrimmedBeforeItIsReadIsCountedAndToldAndTheRestIsAppended() {
        StreamSource source = open("one");
        add(0, 10);
        Await.until(() -> logged().size() == 10);
        addTrimmed(10, 510, 100);
        Await.until(() -> logged().size() == 110);
        assertThat(source.lostEntries()).isEqualTo(400);
        assertThat(told()).isEqualTo(400);
        assertThat(commands.hget(LOST, "at")).matches("\\d{13}");
        assertThat(logged().get(10)).isEqualTo("410");
        awaitReadUp();
        add(600, 610);
        Await.until(() -> logged().size() == 120);
        assertThat(told()).isEqualTo(400);
    }

    @Test
    void whatIsTrimmedBeforeTheVeryFirstReadIsLostAsWell() {
        StreamSource source = open("one");
        Await.until(() -> commands.exists(stream) == 1 && group("entries-read").equals("0"));
        addTrimmed(0, 500, 100);
        Await.until(() -> source.lostEntries() == 400);
    }

    @Test
    void aStreamThatIsEmptiedBeforeItIsReadHasLostEverything() {
        StreamSource source = open("one");
        add(0, 10);
        Await.until(() -> logged().size() == 10);
        addTrimmed(10, 60, 0);
        Await.until(() -> source.lostEntries() == 50);
        add(60, 70);
        Await.until(() -> logged().size() == 20);
        assertThat(told()).isEqualTo(50);
    }

    @Test
    void whatIsDeletedOrTrimmedAfterItWasReadIsNoLoss() {
        StreamSource source = open("one");
        add(0, 100);
        awaitReadUp();
        List<String> ids = commands.xrange(stream, Range.unbounded()).stream()
                .map(each -> each.getId())
                .toList();
        assertThat(commands.xdel(stream, ids.get(3), ids.get(50), ids.get(99))).isEqualTo(3);
        add(100, 110);
        awaitReadUp();
        assertThat(commands.xtrim(stream, 2)).isPositive();
        add(110, 120);
        awaitReadUp();
        assertThat(commands.xtrim(stream, 0)).isPositive();
        add(120, 130);
        Await.until(() -> logged().size() == 130);
        awaitReadUp();
        assertThat(source.lostEntries()).isZero();
        assertThat(commands.exists(LOST)).isZero();
    }

    @Test
    void whatIsDeletedByItselfBeforeItIsReadIsNoLossLater() {
        add(0, 10);
        List<String> ids = commands.xrange(stream, Range.unbounded()).stream()
                .map(each -> each.getId())
                .toList();
        assertThat(commands.xdel(stream, ids.get(5))).isEqualTo(1);
        StreamSource source = open("one");
        Await.until(() -> logged().size() == 9);
        awaitReadUp();
        assertThat(commands.xtrim(stream, 0)).isPositive();
        add(10, 20);
        Await.until(() -> logged().size() == 19);
        awaitReadUp();
        assertThat(source.lostEntries()).isZero();
    }

    @Test
    void aGroupThatIsNewOnAnOldStreamHasLostNothing() {
        addTrimmed(0, 500, 100);
        StreamSource source = open("one");
        Await.until(() -> logged().size() == 100);
        awaitReadUp();
        assertThat(commands.xgroupDestroy(stream, "gateway")).isTrue();
        add(500, 510);
        Await.until(() -> logged().size() == 110);
        awaitReadUp();
        assertThat(source.lostEntries()).isZero();
        assertThat(commands.exists(LOST)).isZero();
    }

    @Test
    void whoeverTakesOverFindsWhatWasTrimmedAfterTheReaderDiedAndTellsOnce() {
        StreamSource killed = open("one");
        add(0, 10);
        awaitReadUp();
        killed.dispose();
        addTrimmed(10, 510, 100);
        StreamSource second = open("two");
        Await.until(() -> logged().size() == 110);
        assertThat(second.lostEntries()).isEqualTo(400);
        awaitReadUp();
        second.dispose();
        StreamSource third = open("three");
        add(510, 520);
        Await.until(() -> logged().size() == 120);
        assertThat(third.lostEntries()).isZero();
        assertThat(told()).isEqualTo(400);
    }

    @Test
    void whatComesInAStreamThatWasMadeAnewIsAppendedWhateverItsIdsAreAndEverybodyIsTold() {
        StreamSource source = open("one");
        add(0, 10);
        awaitReadUp();
        Await.until(() -> "10".equals(commands.hget("{" + stream + "}:read", "count")));
        assertThat(commands.del(stream)).isEqualTo(1);
        for (int n = 10; n < 15; n++) {
            assertThat(commands.xadd(stream, new XAddArgs().id("1-" + n), entry(n)))
                    .isNotEmpty();
        }
        Await.until(() -> logged().size() == 15);
        assertThat(logged().subList(10, 15)).containsExactly("10", "11", "12", "13", "14");
        assertThat(source.lostEntries()).isEqualTo(1);
        Await.until(() -> "1".equals(commands.hget("{" + stream + "}:read", "generation")));
        source.dispose();
        StreamSource second = open("two");
        assertThat(commands.xadd(stream, new XAddArgs().id("1-20"), entry(20))).isNotEmpty();
        Await.until(() -> logged().size() == 16);
        assertThat(second.lostEntries()).isZero();
    }
}
