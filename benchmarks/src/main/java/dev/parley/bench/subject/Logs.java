package dev.parley.bench.subject;

import dev.parley.bench.load.Events;
import dev.parley.bench.load.Stamp;
import dev.parley.redis.Keys;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.StatefulRedisConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** The conversations' logs as they are in Redis, which is where an accepted event has to be in the end. Everything here blocks. */
public final class Logs implements AutoCloseable {

    private static final Duration ANSWER = Duration.ofSeconds(30);

    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;
    private final Events events;
    private final int conversations;

    public Logs(RedisServer redis, Events events, int conversations) {
        this.client = RedisClient.create(redis.uri());
        this.connection = client.connect();
        this.events = events;
        this.conversations = conversations;
    }

    /** Entries of all of them. One small command each, sent together: it may be asked often. */
    public long entries() {
        List<RedisFuture<Long>> lengths = IntStream.range(0, conversations)
                .mapToObj(conversation -> connection.async().xlen(key(conversation)))
                .toList();
        return all(lengths).stream().mapToLong(length -> length).sum();
    }

    /** Reads all of them. */
    public Ledger ledger(int[] published) {
        Ledger sum = Ledger.EMPTY;
        for (int conversation = 0; conversation < conversations; conversation++) {
            List<StreamMessage<String, String>> entries =
                    connection.sync().xrange(key(conversation), Range.unbounded());
            List<Integer> numbers = new ArrayList<>();
            entries.forEach(entry -> entry.getBody().values().forEach(value -> stamps(value, numbers)));
            sum = sum.plus(Ledger.of(numbers, published[conversation]));
        }
        return sum;
    }

    private void stamps(String value, List<Integer> numbers) {
        ByteBuf bytes = Unpooled.wrappedBuffer(value.getBytes(StandardCharsets.ISO_8859_1));
        for (int at = 0; at <= bytes.writerIndex() - Stamp.LENGTH; at++) {
            if (Stamp.at(bytes, at, events.run())) {
                numbers.add(Stamp.number(bytes, at));
            }
        }
    }

    private String key(int conversation) {
        return Keys.DEFAULT.log(events.conversation(conversation));
    }

    private static <T> List<T> all(List<RedisFuture<T>> futures) {
        if (!LettuceFutures.awaitAll(ANSWER, futures.toArray(RedisFuture[]::new))) {
            throw new IllegalStateException("Redis did not answer within " + ANSWER.toSeconds() + " s");
        }
        return futures.stream()
                .map(future -> future.toCompletableFuture().join())
                .toList();
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown(0, 1, TimeUnit.SECONDS);
    }

    /** What is not in the logs, is there more than once, or stands behind a later one. */
    public record Ledger(long lost, long repeated, long reordered) {

        static final Ledger EMPTY = new Ledger(0, 0, 0);

        /** @param numbers in the log's order; those from 0 to {@code published - 1} should be there, once */
        static Ledger of(List<Integer> numbers, int published) {
            BitSet seen = new BitSet(published);
            long repeated = 0;
            long reordered = 0;
            for (int number : numbers) {
                if (seen.get(number)) {
                    repeated++;
                } else if (seen.length() > number) {
                    reordered++;
                }
                seen.set(number);
            }
            return new Ledger(published - seen.get(0, published).cardinality(), repeated, reordered);
        }

        Ledger plus(Ledger other) {
            return new Ledger(lost + other.lost, repeated + other.repeated, reordered + other.reordered);
        }
    }
}
