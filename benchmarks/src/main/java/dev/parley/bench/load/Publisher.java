package dev.parley.bench.load;

import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Sends events by a plan, on an event loop, looking every millisecond for what is due. Paced, it sends at a rate whatever comes of it
 * (an open loop), and each event carries the time at which it was meant to go. Unpaced, it keeps so many deliveries on their way.
 */
public final class Publisher {

    /** Longer than a gateway that has lost Redis takes to answer. */
    private static final long SILENCE_NANOS = 10_000_000_000L;

    private final EventLoop loop;
    private final List<Connection> connections;
    private final Template[] templates;
    private final Template[] ends;
    private final int[] published;
    private final Plan plan;
    private final Events events;
    private final int run;
    private final AtomicLong sent = new AtomicLong();
    private final Answers answers = new Answers();
    private @Nullable Future<?> ticking;

    /**
     * @param connections a conversation always takes the same one
     */
    public Publisher(EventLoop loop, List<Outlet> connections, Plan plan, Events events, int conversations) {
        this.loop = loop;
        this.connections = connections.stream()
                .map(outlet -> Connection.open(loop, outlet, answers))
                .toList();
        this.plan = plan;
        this.events = events;
        this.run = events.run();
        this.published = new int[conversations];
        this.templates = templates(connections, events, conversations);
        this.ends = templates(connections, events.ends(), conversations);
    }

    private static Template[] templates(List<Outlet> connections, Events events, int conversations) {
        return IntStream.range(0, conversations)
                .mapToObj(i -> connections.get(i % connections.size()).template(events, i))
                .toArray(Template[]::new);
    }

    /** What is sent. */
    public Events events() {
        return events;
    }

    /** Sends at a rate until it is stopped. */
    public void pace(double perSecond) {
        long start = System.nanoTime();
        long first = sent.get();
        double nanosEach = 1e9 / perSecond;
        every(1, () -> {
            long now = System.nanoTime();
            while (true) {
                long n = sent.get();
                long due = start + (long) (plan.due(n - first) * nanosEach);
                if (due > now || !send(n - first, due)) {
                    break;
                }
            }
        });
    }

    /**
     * Sends as fast as deliveries come until it is stopped.
     *
     * @param window deliveries that may be on their way
     * @param each deliveries of one event of a conversation
     * @param delivered counts up
     */
    public void push(int window, IntUnaryOperator each, LongSupplier delivered) {
        long first = sent.get();
        long before = delivered.getAsLong();
        AtomicLong expected = new AtomicLong();
        Forgiveness lost = new Forgiveness();
        every(1, () -> {
            long came = delivered.getAsLong() - before;
            long now = System.nanoTime();
            long forgiven = lost.forgiven(came, now, expected.get() - came);
            while (expected.get() - came - forgiven < window) {
                long n = sent.get() - first;
                if (!send(n, now)) {
                    break;
                }
                expected.addAndGet(each.applyAsInt(plan.conversation(n)));
            }
        });
    }

    /**
     * Sends so many as fast as answers come. Blocks until all of them are answered, or nothing is answered any more.
     *
     * @param atOnce how many may be without an answer
     */
    public void send(long events, int atOnce) throws InterruptedException {
        long first = sent.get();
        long end = first + events;
        every(1, () -> {
            long now = System.nanoTime();
            long until = Math.min(end, replies() + atOnce);
            while (sent.get() < until) {
                if (!send(sent.get() - first, now)) {
                    break;
                }
            }
        });
        awaitAnswers(end);
        stop();
    }

    /** Waits until all that was sent is answered, or nothing is answered any more. Blocks. */
    public void awaitAnswers() throws InterruptedException {
        awaitAnswers(sent.get());
    }

    private void awaitAnswers(long wanted) throws InterruptedException {
        long before = -1;
        long since = System.nanoTime();
        while (replies() < wanted && System.nanoTime() - since < SILENCE_NANOS) {
            if (replies() != before) {
                before = replies();
                since = System.nanoTime();
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private void every(long millis, Runnable send) {
        loop.execute(() -> ticking = loop.scheduleAtFixedRate(
                () -> {
                    send.run();
                    connections.forEach(Connection::flush);
                },
                0,
                millis,
                TimeUnit.MILLISECONDS));
    }

    private boolean send(long n, long nanos) {
        int conversation = plan.conversation(n);
        Connection connection = connections.get(conversation % connections.size());
        if (!connection.writable()) {
            return false;
        }
        int number = published[conversation]++;
        Template template = (number + 1) % events.answer() == 0 ? ends[conversation] : templates[conversation];
        connection.write(template, run, conversation, number, nanos);
        sent.lazySet(sent.get() + 1);
        return true;
    }

    /** Sends no more; everything sent so far is on its way on return. Blocks. */
    public void stop() {
        loop.submit(() -> {
                    if (ticking != null) {
                        ticking.cancel(false);
                        ticking = null;
                    }
                    connections.forEach(Connection::flush);
                })
                .syncUninterruptibly();
    }

    public void close() {
        stop();
        connections.forEach(Connection::close);
    }

    /** Events of one conversation sent so far. On the loop. */
    public int published(int conversation) {
        return published[conversation];
    }

    /** Events sent so far, for each conversation. Blocks. */
    public int[] published() {
        return loop.submit(() -> published.clone()).syncUninterruptibly().getNow();
    }

    /** What HTTP requests were answered. */
    public Answers answers() {
        return answers;
    }

    public long sent() {
        return sent.get();
    }

    public long replies() {
        return connections.stream().mapToLong(Connection::replies).sum();
    }

    public long refused() {
        return connections.stream().mapToLong(Connection::refused).sum();
    }

    /** Why something was refused; null when nothing was. */
    public @Nullable String refusal() {
        return connections.stream()
                .map(Connection::refusal)
                .filter(why -> why != null)
                .findFirst()
                .orElse(null);
    }

    /** What has not come while nothing else came for a while is lost: it no longer counts as being on its way. */
    private static final class Forgiveness {
        private static final long SILENCE_NANOS = 1_000_000_000;
        private long lastCame = -1;
        private long lastAt;
        private long forgiven;

        long forgiven(long came, long now, long missing) {
            if (came != lastCame) {
                lastCame = came;
                lastAt = now;
            } else if (now - lastAt > SILENCE_NANOS) {
                forgiven = missing;
                lastAt = now;
            }
            return forgiven;
        }
    }
}
