package dev.parley.chaos;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.redis.TestTopology;
import dev.parley.support.Await;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one test needs: a Redis, nodes, publishers and sockets, all made from one seed ({@code -Dparley.chaos.seed} sets it).
 * Publishers go on until {@link #quiet}.
 */
final class Stage implements AutoCloseable {

    static final String STREAM = "agent:events:stream";
    static final Duration LEASE = Duration.ofSeconds(1);

    private static final Path REPORT = Path.of("target", "chaos.txt");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CONVERSATIONS = 12;
    private static final Duration SETTLES_WITHIN = Duration.ofSeconds(60);
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(30);

    /** Longer than a node waits before it compares last positions: what would come twice has come by then. */
    private static final Duration STRAGGLERS = Duration.ofMillis(1_500);

    private final long seed =
            Long.getLong("parley.chaos.seed", ThreadLocalRandom.current().nextLong(1_000_000));
    private final Random random = new Random(seed);
    private final Path directory;
    /** Null where Redis is somebody else's. */
    private final @Nullable RedisServer redis;

    private final Supplier<RedisClusterCommands<String, String>> connect;
    private final RedisClusterCommands<String, String> commands;
    private final Nodes nodes = new Nodes();
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final List<String> conversations =
            IntStream.range(0, CONVERSATIONS).mapToObj(i -> "c" + i).toList();
    private final Ledger ledger = new Ledger();
    private final List<Publisher> publishers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final List<Follower> followers = new ArrayList<>();
    private final ScheduledExecutorService later = Executors.newScheduledThreadPool(2, work -> {
        Thread thread = new Thread(work, "chaos-later");
        thread.setDaemon(true);
        return thread;
    });
    private int started;

    /** @param redisKeeps whether its Redis has an append-only file and syncs each write */
    Stage(Path directory, boolean redisKeeps) {
        this.directory = directory;
        RedisServer own = RedisServer.start(directory, random, redisKeeps);
        redis = own;
        connect = own::connect;
        commands = own.connect();
        configure(own.uri());
    }

    /** @param topology its Redis, which the caller closes */
    Stage(Path directory, TestTopology topology) {
        this.directory = directory;
        redis = null;
        connect = topology::commands;
        commands = topology.commands();
        configure(topology.uri());
    }

    private void configure(String uri) {
        // Now, since what fails may never come to its report.
        System.out.println("chaos | seed " + seed);
        settings.put("http.port", "0");
        settings.put("management.port", "0");
        settings.put("redis.uri", uri);
        settings.put("hub.check-interval", "1s");
        settings.put("ingest.lease", LEASE.toMillis() + "ms");
        settings.put("shutdown.drain", "1s");
        // The logs are what everything is compared with in the end, so they are not trimmed.
        settings.put("log.max-events", "1000000");
        settings.put("log.max-bytes", "1GiB");
        settings.put("log.seen", "100000");
        settings.put("resume.limit", "100000");
        settings.put("resume.limit-bytes", "64MiB");
    }

    /** For the nodes that are started from now on. */
    void set(String key, String value) {
        settings.put(key, value);
    }

    RedisServer redis() {
        return Objects.requireNonNull(redis);
    }

    /** The tests' own connection to Redis, past any network of theirs. */
    RedisClusterCommands<String, String> commands() {
        return commands;
    }

    URI redisUri() {
        return URI.create(redis().uri());
    }

    Nodes nodes() {
        return nodes;
    }

    long seed() {
        return seed;
    }

    Random random() {
        return random;
    }

    /** One more node, which serves when this returns. */
    @CanIgnoreReturnValue
    Node startNode() {
        Node node = start("node" + ++started);
        nodes.add(node);
        return node;
    }

    /** The same node again, on the data directory of one that has ended. */
    void startAgain(Node ended) {
        nodes.replace(ended, start(ended.name()));
    }

    private Node start(String name) {
        Map<String, String> own = new LinkedHashMap<>(settings);
        own.put("data.directory", data(name).toString());
        return Node.start(directory, name, own);
    }

    private Path data(String node) {
        return directory.resolve(node);
    }

    /** Events that a node has left for its next start. */
    long spilled(Node node) {
        try (Stream<String> lines = Files.lines(data(node.name()).resolve("outage-queue.ndjson"))) {
            return lines.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same for several at once. */
    void startNodes(int count) {
        List<CompletableFuture<Node>> starting = IntStream.range(0, count)
                .mapToObj(i -> "node" + ++started)
                .map(name -> CompletableFuture.supplyAsync(() -> start(name)))
                .toList();
        starting.forEach(node -> nodes.add(node.join()));
    }

    /** One more socket for each of that many conversations in turn; returns when all of them follow. */
    void follow(int sockets) {
        List<Follower> added = IntStream.range(0, sockets)
                .mapToObj(i -> new Follower(
                        conversations.get(i % conversations.size()), nodes, new Random(random.nextLong()), later))
                .toList();
        followers.addAll(added);
        added.forEach(Follower::connect);
        awaitFollowing();
    }

    void awaitFollowing() {
        Await.within(
                SETTLES_WITHIN,
                "all sockets to follow",
                () -> followers.stream().allMatch(Follower::current));
    }

    List<Follower> followers() {
        return followers;
    }

    /** Starts publishers, half of them with XADD and half with HTTP. */
    void publish(int agents, Duration pace) {
        for (int i = 0; i < agents; i++) {
            Random own = new Random(random.nextLong());
            Publisher publisher = i % 2 == 0
                    ? new StreamPublisher("x" + i, conversations, ledger, own, pace.toNanos(), connect.get(), STREAM)
                    : new HttpPublisher("h" + i, conversations, ledger, own, pace.toNanos(), nodes);
            publishers.add(publisher);
            Thread thread = new Thread(publisher, "publisher-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    /** Some nodes, 48 sockets and 6 publishers of 100 events a second each, at work: what most faults happen to. */
    void play(int nodesAtWork) {
        startNodes(nodesAtWork);
        follow(4 * CONVERSATIONS);
        publish(6, Duration.ofMillis(10));
        work(500);
    }

    /** Returns when that many more events have been acknowledged. */
    void work(int events) {
        int before = ledger.size();
        Await.within(
                ANSWERS_WITHIN, events + " more events to be acknowledged", () -> ledger.size() >= before + events);
    }

    /** Returns when that many events altogether wait for Redis, as their publishers were told. */
    void fill(int events) {
        Await.within(
                ANSWERS_WITHIN, events + " events to be queued", () -> ledger.count(Ledger.Answer.QUEUED) >= events);
    }

    /** Returns when that many tries altogether were refused. */
    void overflow(int tries) {
        Await.within(ANSWERS_WITHIN, tries + " tries to be refused", () -> ledger.refusals() >= tries);
    }

    long queued() {
        return ledger.count(Ledger.Answer.QUEUED);
    }

    /** Events shown so far, all sockets together. */
    long shown() {
        return followers.stream().mapToLong(Follower::shown).sum();
    }

    /** The name of the node that reads the durable stream. */
    String reader() {
        Await.within(ANSWERS_WITHIN, "a reader of " + STREAM, () -> holder() != null);
        return Objects.requireNonNull(holder());
    }

    /** The same, null while there is none. */
    @Nullable
    String holder() {
        String lease = commands.get("{" + STREAM + "}:lease");
        return lease == null ? null : lease.substring(0, lease.lastIndexOf('/'));
    }

    /**
     * Lets publishers finish, waits until every socket has what the logs have, and counts.
     *
     * @param fault what was done, for the line that is printed
     * @param more what else was measured
     */
    Verdict quiet(String fault, String more) {
        publishers.forEach(Publisher::finish);
        Await.within(
                SETTLES_WITHIN,
                "publishers to be answered",
                () -> threads.stream().noneMatch(Thread::isAlive));
        boolean settled = Await.holds(SETTLES_WITHIN, this::settled);
        Await.pass(STRAGGLERS);
        Map<String, List<Ledger.Entry>> logs = new LinkedHashMap<>();
        conversations.forEach(conversation -> logs.put(conversation, log(conversation)));
        // Another server's data is what its replicas had: only there can a stream lose what was added to it.
        List<Ledger.Account> accounts =
                followers.stream().map(Follower::account).toList();
        long neverArrived = redis == null ? ledger.takeBackWhatNeverArrived(inStream(), logs, accounts) : 0;
        Verdict verdict = ledger.verdict(logs, accounts);
        report("%s | %s%s%s%s | seed %s"
                .formatted(
                        fault,
                        verdict,
                        neverArrived == 0 ? "" : " | lost on the way to the stream: " + neverArrived,
                        more.isEmpty() ? "" : " | " + more,
                        settled ? "" : " | NOT SETTLED",
                        seed));
        if (!settled) {
            throw new AssertionError("not everything had arrived after " + SETTLES_WITHIN + ": " + verdict + unsettled()
                    + ", seed " + seed);
        }
        return verdict;
    }

    private boolean settled() {
        return readUp() && unsettled().isEmpty();
    }

    /** Whether the group stands at the stream's end. */
    private boolean readUp() {
        if (commands.exists(STREAM) == 0 || commands.xinfoGroups(STREAM).isEmpty()) {
            return false;
        }
        List<?> group = (List<?>) commands.xinfoGroups(STREAM).get(0);
        Object delivered = group.get(group.indexOf("last-delivered-id") + 1);
        return lastId(STREAM).equals(delivered);
    }

    private String unsettled() {
        Map<String, String> ends = new LinkedHashMap<>();
        conversations.forEach(conversation -> ends.put(conversation, lastId("events:conv:{" + conversation + "}")));
        List<String> behind = followers.stream()
                .filter(follower -> !follower.current()
                        || !Objects.requireNonNull(ends.get(follower.conversation()))
                                .equals(follower.position()))
                .limit(3)
                .map(follower -> "; " + follower.conversation() + " ends at " + ends.get(follower.conversation())
                        + ", a socket is at " + follower.position() + (follower.current() ? "" : " and away"))
                .toList();
        return String.join("", behind);
    }

    private String lastId(String stream) {
        List<StreamMessage<String, String>> last = commands.xrevrange(stream, Range.unbounded(), Limit.from(1));
        return last.isEmpty() ? "0" : last.get(0).getId();
    }

    private Set<String> inStream() {
        return commands.xrange(STREAM, Range.unbounded()).stream()
                .map(entry -> Objects.requireNonNull(entry.getBody().get("event_id")))
                .collect(Collectors.toUnmodifiableSet());
    }

    private List<Ledger.Entry> log(String conversation) {
        return commands.xrange("events:conv:{" + conversation + "}", Range.unbounded()).stream()
                .map(entry -> new Ledger.Entry(
                        entry.getId(),
                        mark(Objects.requireNonNull(entry.getBody().get("e")))))
                .toList();
    }

    private static Mark mark(String event) {
        try {
            return Mark.of(JSON.readTree(event));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    /** On stdout, which Maven keeps beside the test's report, and in one file for the whole run. */
    static void report(String line) {
        System.out.println("chaos | " + line);
        try {
            Files.writeString(REPORT, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        publishers.forEach(Publisher::finish);
        threads.forEach(Thread::interrupt);
        followers.forEach(Follower::leave);
        var unused = later.shutdownNow();
        nodes.close();
        if (redis != null) {
            redis.close();
        }
    }
}
