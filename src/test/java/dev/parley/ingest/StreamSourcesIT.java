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
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Several durable streams, shared by several nodes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StreamSourcesIT {

    /** Not the one of all tests: for ten minutes a loss concerns every conversation that is new there. */
    private final EmbeddedRedis server = EmbeddedRedis.start();

    private final RedisClient client = RedisClient.create(server.uri());
    private final Redis redis = TestServer.connect(server.uri());
    private final RedisCommands<String, String> commands = client.connect().sync();
    private final List<StreamSources> nodes = new ArrayList<>();
    private final List<String> streams = IntStream.range(0, 6)
            .mapToObj(i -> "shared:" + i + ":" + Ids.random())
            .toList();

    private StreamSources node(List<String> reads) {
        StreamSources node = new StreamSources(
                redis,
                Keys.DEFAULT,
                new RedisEventStore(redis, Keys.DEFAULT, TestSettings.of(StoreSettings.class)),
                "n" + nodes.size(),
                reads,
                TestSettings.of(IngestSettings.class, "batch", "100", "lease", "1s", "max-deliveries", "3"),
                (conversation, at) -> {});
        nodes.add(node);
        node.open();
        return node;
    }

    @AfterEach
    void clean() {
        nodes.forEach(StreamSources::dispose);
        nodes.clear();
        streams.forEach(stream -> assertThat(commands.del(
                        stream, "{" + stream + "}:lease", "{" + stream + "}:readers", Keys.DEFAULT.log(stream)))
                .isNotNegative());
    }

    @AfterAll
    void close() {
        redis.close().block(Patience.ofSeconds(10));
        client.shutdown();
        server.close();
    }

    /** One event for the conversation that has the stream's name. */
    private void add(String stream, int n) {
        commands.xadd(
                stream,
                Map.of("event", "agent.note", "payload", "{\"conversation_id\":\"" + stream + "\",\"n\":" + n + "}"));
    }

    private List<String> logged(String stream) {
        return commands.xrange(Keys.DEFAULT.log(stream), Range.unbounded()).stream()
                .map(entry -> Objects.requireNonNull(entry.getBody().get("e")).replaceAll(".*\"n\":(\\d+).*", "$1"))
                .toList();
    }

    @Test
    void nodesThatComeAndGoShareTheStreamsAndEachStreamKeepsItsOrder() {
        StreamSources first = node(streams);
        Await.until(() -> first.reading() == 6);
        int n = addToEach(0);
        StreamSources second = node(streams);
        Await.until(() -> first.reading() == 3 && second.reading() == 3);
        n = addToEach(n);
        StreamSources third = node(streams);
        Await.until(() -> first.reading() == 2 && second.reading() == 2 && third.reading() == 2);
        n = addToEach(n);
        second.dispose(); // without a word, as a killed node
        Await.until(() -> first.reading() == 3 && third.reading() == 3);
        n = addToEach(n);
        third.close().block(Patience.ofSeconds(5));
        Await.until(() -> first.reading() == 6);
        n = addToEach(n);
        List<String> expected =
                IntStream.range(0, n).mapToObj(Integer::toString).toList();
        Await.until(() -> streams.stream().allMatch(stream -> logged(stream).size() == expected.size()));
        assertThat(streams).allSatisfy(stream -> assertThat(logged(stream)).isEqualTo(expected));
    }

    private int addToEach(int from) {
        for (int n = from; n < from + 50; n++) {
            for (String stream : streams) {
                add(stream, n);
            }
        }
        return from + 50;
    }

    @Test
    void noStreamIsLeftUnreadWhenNodesWereGivenDifferentOnes() {
        // The first one's share is two; when it takes the two that both would read, nobody else would read its third
        // one.
        StreamSources first = node(streams.subList(0, 2));
        Await.until(() -> first.reading() == 2);
        first.dispose();
        nodes.clear();
        StreamSources wide = node(streams.subList(0, 3));
        StreamSources narrow = node(streams.subList(0, 2));
        Await.until(() -> wide.reading() + narrow.reading() == 3);
        streams.subList(0, 3).forEach(stream -> add(stream, 1));
        Await.until(
                () -> Stream.of(0, 1, 2).allMatch(i -> logged(streams.get(i)).equals(List.of("1"))));
    }

    @Test
    void aNodeThatStopsHandsItsStreamsOverAtOnce() {
        StreamSources first = node(streams);
        Await.until(() -> first.reading() == 6);
        first.close().block(Patience.ofSeconds(5));
        assertThat(streams).allSatisfy(stream -> {
            assertThat(commands.exists("{" + stream + "}:lease")).isZero();
            assertThat(commands.zcard("{" + stream + "}:readers")).isZero();
        });
    }
}
