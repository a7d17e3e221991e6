package dev.parley.bench.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/**
 * The WebSockets of a run, on one event loop, and the ledger of what came over them. The counters may be read by any thread, everything
 * else belongs to the loop.
 */
public final class Fleet {

    static final ByteBuf END_OF_HEAD =
            Unpooled.unreleasableBuffer(Unpooled.copiedBuffer("\r\n\r\n", StandardCharsets.US_ASCII));

    /** Sockets that may be on their way in at once: a listener's backlog holds no more. */
    private static final int OPENING_AT_ONCE = 200;

    /** One local address has about 28,000 ports for one destination. */
    private static final int SOCKETS_PER_ADDRESS = 20_000;

    private static final Duration PROGRESS = Duration.ofSeconds(30);
    private static final int PROBLEMS = 10;

    private final EventLoop loop;
    private final List<InetSocketAddress> nodes;
    private final Dialect dialect;
    private final int run;
    private final IntFunction<String> names;
    private final IntUnaryOperator published;
    private final List<Follower> followers = new ArrayList<>();
    private final Queue<Follower> waiting = new ArrayDeque<>();
    private int opening;
    private int wanted;
    private @Nullable CompletableFuture<Void> complete;

    private final AtomicLong following = new AtomicLong();
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong repeated = new AtomicLong();
    private final AtomicLong reordered = new AtomicLong();
    private final AtomicLong slowClosed = new AtomicLong();
    private final AtomicLong slowTold = new AtomicLong();
    private final AtomicLong gaps = new AtomicLong();
    private final SingleWriterRecorder latency = new SingleWriterRecorder(3);
    private final SingleWriterRecorder replay = new SingleWriterRecorder(3);
    private final Map<String, Integer> problems = new LinkedHashMap<>();

    /**
     * @param run tells this run's events from others'
     * @param names a conversation's name
     * @param published how many events of a conversation have been sent so far; called on the loop
     */
    public Fleet(
            EventLoop loop,
            List<InetSocketAddress> nodes,
            Dialect dialect,
            int run,
            IntFunction<String> names,
            IntUnaryOperator published) {
        this.loop = loop;
        this.nodes = List.copyOf(nodes);
        this.dialect = dialect;
        this.run = run;
        this.names = names;
        this.published = published;
    }

    /** Opens that many sockets, spread over the conversations and nodes, and returns when all of them follow. Blocks. */
    public void open(int sockets, int conversations) throws InterruptedException {
        await(() -> {
            for (int i = 0; i < sockets; i++) {
                Follower follower = new Follower(this, i, i % conversations, i % nodes.size());
                followers.add(follower);
                come(follower);
            }
            expect(followers.size());
        });
    }

    /** Cuts every socket that the choice takes, without a word to the server. Blocks until that is done. */
    public void cut(Predicate<Follower> which) {
        loop.submit(() -> followers.stream().filter(which).forEach(Follower::cut))
                .syncUninterruptibly();
    }

    /**
     * Brings back every socket that has been closed for that long, and times each, from now, until it has all that has been published
     * by now. A socket that waits for its turn to connect is being timed already, and so is one that had not caught up when it was closed.
     */
    public void comeBack(Duration away) {
        loop.execute(() -> {
            long now = System.nanoTime();
            for (Follower follower : followers) {
                if (follower.closedFor(now) >= away.toNanos()) {
                    follower.comesBack(published(follower.conversation()), now);
                    come(follower);
                }
            }
            openMore();
        });
    }

    /** Makes every socket that the choice takes read slowly; what comes over it is not in the latency. Blocks until that is done. */
    public void slowDown(Predicate<Follower> which) {
        loop.submit(() -> followers.stream().filter(which).forEach(Follower::slowDown))
                .syncUninterruptibly();
    }

    /** Lets all read as fast as they can again. Blocks until that is done. */
    public void hurry() {
        loop.submit(() -> followers.forEach(Follower::hurry)).syncUninterruptibly();
    }

    /** Counts the slow sockets that are open and have not all that has been published. Blocks. */
    public long slowAndBehind() {
        return loop.submit(() -> followers.stream()
                        .filter(follower ->
                                follower.isSlow() && follower.missing(published(follower.conversation())) > 0)
                        .count())
                .syncUninterruptibly()
                .getNow();
    }

    /** Waits until all sockets follow again. Blocks. */
    public void awaitAll() throws InterruptedException {
        await(() -> expect(followers.size()));
    }

    /** Ends all sockets. Blocks. */
    public void close() {
        cut(follower -> true);
        loop.submit(() -> {
                    followers.clear();
                    waiting.clear();
                })
                .syncUninterruptibly();
    }

    private void expect(int count) {
        wanted = count;
        openMore();
        settled();
    }

    private void await(Runnable start) throws InterruptedException {
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.execute(() -> {
            complete = done;
            start.run();
        });
        join(done, "not all sockets came to follow");
    }

    private void join(CompletableFuture<Void> done, String otherwise) throws InterruptedException {
        long before = -1;
        while (true) {
            try {
                done.get(PROGRESS.toSeconds(), TimeUnit.SECONDS);
                return;
            } catch (TimeoutException e) {
                if (following.get() == before) {
                    throw new IllegalStateException(
                            otherwise + ": " + before + " of " + wanted + " follow. " + problems(), e);
                }
                before = following.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException(otherwise + ". " + problems(), e);
            }
        }
    }

    private void come(Follower follower) {
        follower.connecting();
        waiting.add(follower);
    }

    private void openMore() {
        while (opening < OPENING_AT_ONCE) {
            Follower next = waiting.poll();
            if (next == null) {
                return;
            }
            opening++;
            connect(next);
        }
    }

    private void connect(Follower follower) {
        InetSocketAddress node = nodes.get(follower.node());
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 10_000)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(follower);
                    }
                });
        if (node.getAddress().isLoopbackAddress() && follower.ordinal() >= SOCKETS_PER_ADDRESS) {
            // The port is chosen when the destination is known: to look for one that is free for all of them takes
            // milliseconds.
            bootstrap.option(EpollChannelOption.IP_BIND_ADDRESS_NO_PORT, true);
            bootstrap.localAddress("127.0.0." + (1 + follower.ordinal() / SOCKETS_PER_ADDRESS), 0);
        }
        bootstrap.connect(node).addListener(connected -> {
            if (!connected.isSuccess()) {
                problem("a socket could not connect: " + connected.cause());
                follower.failed();
                left(false);
            }
        });
    }

    /** Brings one back that the server can't serve now. It is timed as before. */
    void again(Follower follower, long afterMs) {
        loop.schedule(
                () -> {
                    if (!followers.isEmpty() && follower.closedFor(System.nanoTime()) >= 0) {
                        come(follower);
                        openMore();
                    }
                },
                afterMs,
                TimeUnit.MILLISECONDS);
    }

    // What followers tell.

    int published(int conversation) {
        return published.applyAsInt(conversation);
    }

    void follows() {
        following.incrementAndGet();
        opening--;
        openMore();
        settled();
    }

    private void settled() {
        if (complete != null && following.get() >= wanted) {
            complete.complete(null);
            complete = null;
        }
    }

    void left(boolean followed) {
        if (followed) {
            following.decrementAndGet();
        } else {
            opening--;
        }
        openMore();
    }

    /** @param timed whether it is one that reads as fast as it can */
    void arrived(Track.Arrival arrival, long nanos, boolean timed) {
        if (arrival == Track.Arrival.REPEATED) {
            repeated.incrementAndGet();
            return;
        }
        if (arrival == Track.Arrival.REORDERED) {
            reordered.incrementAndGet();
        }
        delivered.lazySet(delivered.get() + 1);
        if (timed) {
            latency.recordValue(Math.max(0, nanos));
        }
    }

    void recovered(Track.Arrival arrival) {
        if (arrival != Track.Arrival.REPEATED) {
            delivered.lazySet(delivered.get() + 1);
        }
    }

    void caughtUp(long nanos) {
        replay.recordValue(nanos);
    }

    void gap() {
        gaps.incrementAndGet();
    }

    /** A slow socket was told that it is. */
    void tooSlow() {
        slowTold.incrementAndGet();
    }

    void slowOneClosed() {
        slowClosed.incrementAndGet();
    }

    void closed(int code, String reason) {
        problem("the server closed a socket: " + code + " " + reason);
    }

    void problem(String what) {
        synchronized (problems) {
            if (problems.size() < PROBLEMS || problems.containsKey(what)) {
                problems.merge(what, 1, Integer::sum);
            }
        }
    }

    Dialect dialect() {
        return dialect;
    }

    byte @Nullable [] positionMark() {
        return dialect.positionMark();
    }

    String name(int conversation) {
        return names.apply(conversation);
    }

    String host(int node) {
        return nodes.get(node).getHostString() + ":" + nodes.get(node).getPort();
    }

    int run() {
        return run;
    }

    // What may be read from anywhere.

    public long following() {
        return following.get();
    }

    /** Events that came for the first time. */
    public long delivered() {
        return delivered.get();
    }

    public long repeated() {
        return repeated.get();
    }

    public long reordered() {
        return reordered.get();
    }

    /** Slow sockets that have been closed. */
    public long slowClosed() {
        return slowClosed.get();
    }

    /** Those of them that read in time that they were too slow. */
    public long slowTold() {
        return slowTold.get();
    }

    /** Times that a server said that something is missing. */
    public long gaps() {
        return gaps.get();
    }

    /** Counts what has been published and has not come. Blocks. */
    public long missing() {
        return missing(this::published);
    }

    /**
     * Counts what has not come of a conversation's first events. Blocks.
     *
     * @param first how many of them are asked for, for each conversation
     */
    public long missing(IntUnaryOperator first) {
        return loop.submit(() -> followers.stream()
                        .mapToLong(follower -> follower.missing(first.applyAsInt(follower.conversation())))
                        .sum())
                .syncUninterruptibly()
                .getNow();
    }

    /** Times from the intended sending to the arrival, in nanoseconds, since the last call. */
    public Histogram latency() {
        return latency.getIntervalHistogram();
    }

    /** Counts the sockets that have come back and have not yet what they missed. Blocks. */
    public long behind() {
        return loop.submit(() -> followers.stream().filter(Follower::isBehind).count())
                .syncUninterruptibly()
                .getNow();
    }

    /** Times from the first packet of a reconnect until nothing was missing, in nanoseconds, since the last call. */
    public Histogram replay() {
        return replay.getIntervalHistogram();
    }

    /** What went wrong, and how often. */
    public List<String> problems() {
        synchronized (problems) {
            return problems.entrySet().stream()
                    .map(one -> one.getValue() == 1 ? one.getKey() : one.getValue() + " times: " + one.getKey())
                    .toList();
        }
    }
}
