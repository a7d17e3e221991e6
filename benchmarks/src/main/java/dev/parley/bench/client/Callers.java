package dev.parley.bench.client;

import dev.parley.bench.client.Call.Method;
import dev.parley.bench.load.Events;
import dev.parley.bench.load.Stamp;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Sockets that call operations on sessions, on one event loop, and the ledger of what was appended. Paced, calls go out at the time they
 * are meant to, whatever comes of them; else so many are under way, and an answer sends the next one. Times run from the moment that
 * was meant. The counters may be read by any thread, everything else belongs to the loop.
 */
public final class Callers {

    private static final long SILENCE_SECONDS = 10;
    private static final String SEQ = "\"seq\":";

    private final EventLoop loop;
    private final List<Caller> sockets;
    private final String[] names;
    private final String filling;
    private final SessionLedger ledger;
    private final Map<Method, SingleWriterRecorder> latency = new EnumMap<>(Method.class);
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private volatile @Nullable String refusal;
    private @Nullable Load load;
    private boolean closing;

    /**
     * Connects, and returns when all sockets may call. Blocks.
     *
     * @param sockets spread over the nodes; a session always takes the same one
     * @param sessions what they are called {@code events} says, and how long a message's text is
     */
    public Callers(EventLoop loop, List<InetSocketAddress> nodes, int sockets, Events events, int sessions) {
        this.loop = loop;
        this.names = IntStream.range(0, sessions).mapToObj(events::conversation).toArray(String[]::new);
        this.filling = "x".repeat(Math.max(0, events.bytes() - Stamp.LENGTH));
        this.ledger = new SessionLedger(sessions);
        for (Method method : Method.values()) {
            latency.put(method, new SingleWriterRecorder(3));
        }
        this.sockets = IntStream.range(0, sockets)
                .mapToObj(i -> Caller.connect(this, loop, nodes.get(i % nodes.size())))
                .toList();
        this.sockets.forEach(Caller::awaitWelcome);
    }

    /** What is being called now: the calls, how many there have been, and how many there will be. */
    private static final class Load {
        private final LongFunction<Call> calls;
        private final long end;
        private final boolean answersSendMore;
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private long next;
        private long answers;

        Load(LongFunction<Call> calls, long end, boolean answersSendMore) {
            this.calls = calls;
            this.end = end;
            this.answersSendMore = answersSendMore;
        }
    }

    /** Makes so many calls. Blocks until all are answered; throws when none is for a while. */
    public void run(long count, int atOnce, LongFunction<Call> calls) throws InterruptedException {
        Load some = push(new Load(calls, count, true), atOnce);
        long before = -1;
        while (true) {
            try {
                some.done.get(SILENCE_SECONDS, TimeUnit.SECONDS);
                return;
            } catch (TimeoutException e) {
                if (answered.get() == before) {
                    throw new IllegalStateException("calls are not answered", e);
                }
                before = answered.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Keeps so many calls under way until it is stopped. */
    public void push(int atOnce, LongFunction<Call> calls) {
        push(new Load(calls, Long.MAX_VALUE, true), atOnce);
    }

    private Load push(Load some, int atOnce) {
        loop.execute(() -> {
            load = some;
            for (int i = 0; i < atOnce; i++) {
                sendNext(some, System.nanoTime());
            }
        });
        return some;
    }

    /** Calls at a rate until it is stopped. */
    public void pace(double perSecond, LongFunction<Call> calls) {
        long start = System.nanoTime();
        Load steady = new Load(calls, Long.MAX_VALUE, false);
        loop.execute(() -> {
            load = steady;
            pace(steady, start, 1e9 / perSecond);
        });
    }

    /** A timer for each call, so that none waits for a tick. */
    private void pace(Load steady, long start, double nanosEach) {
        if (load != steady) {
            return;
        }
        long now = System.nanoTime();
        long due = start + (long) (steady.next * nanosEach);
        while (due <= now) {
            sendNext(steady, due);
            due = start + (long) (steady.next * nanosEach);
        }
        loop.schedule(() -> pace(steady, start, nanosEach), due - now, TimeUnit.NANOSECONDS);
    }

    private void sendNext(Load some, long nanos) {
        if (some.next < some.end) {
            send(some.calls.apply(some.next++), nanos);
        }
    }

    private void send(Call call, long nanos) {
        int session = call.session();
        boolean append = call.method() == Method.APPEND;
        byte[] stamp = new byte[Stamp.LENGTH];
        Stamp.put(stamp, 0, call.method().ordinal(), session, append ? ledger.next(session) : 0, nanos);
        String ref = new String(stamp, StandardCharsets.ISO_8859_1);
        Caller socket = socket(session);
        String name = names[session];
        switch (call.method()) {
            case CREATE -> socket.call("session.create", ref, "{\"conversation\":\"" + name + "\"}");
            case GET -> socket.call("session.get", ref, "{\"id\":\"" + name + "\"}");
            case APPEND ->
                socket.call(
                        "session.append",
                        ref,
                        "{\"id\":\"" + name
                                + "\",\"role\":\"assistant\",\"agent\":\"bench\",\"tokens\":50,\"content\":\"" + ref
                                + filling + "\"}");
        }
        sent.lazySet(sent.get() + 1);
    }

    /** @param stamp where the call's stamp is in the answer */
    void answered(ByteBuf answer, int stamp) {
        Method method = Method.values()[Stamp.run(answer, stamp)];
        latency.get(method).recordValue(Math.max(0, System.nanoTime() - Stamp.nanos(answer, stamp)));
        if (method == Method.APPEND) {
            ledger.acknowledged(Stamp.conversation(answer, stamp), Stamp.number(answer, stamp), seq(answer));
        }
        next();
    }

    private static int seq(ByteBuf answer) {
        String text = answer.toString(StandardCharsets.ISO_8859_1);
        int from = text.indexOf(SEQ) + SEQ.length();
        int end = from;
        while (Character.isDigit(text.charAt(end))) {
            end++;
        }
        return Integer.parseInt(text, from, end, 10);
    }

    void refused(String why) {
        refused.lazySet(refused.get() + 1);
        refusal = why;
        next();
    }

    void lost(Throwable why) {
        if (!closing) {
            refusal = "a socket was lost: " + why.getMessage();
        }
    }

    private void next() {
        answered.lazySet(answered.get() + 1);
        Load now = load;
        if (now != null && now.answersSendMore) {
            now.answers++;
            sendNext(now, System.nanoTime());
            if (now.answers == now.end) {
                now.done.complete(null);
            }
        }
    }

    /** Calls no more, and waits until all calls are answered, or nothing is answered any more. Blocks. */
    public void stop() throws InterruptedException {
        loop.submit(() -> load = null).syncUninterruptibly();
        long before = -1;
        long since = System.nanoTime();
        while (answered.get() < sent.get() && System.nanoTime() - since < TimeUnit.SECONDS.toNanos(SILENCE_SECONDS)) {
            if (answered.get() != before) {
                before = answered.get();
                since = System.nanoTime();
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /**
     * Reads every session and compares it with what was acknowledged. Blocks.
     *
     * @param whole whether all messages must be there to be read, or only the newest
     */
    public SessionLedger.Count count(boolean whole) {
        SessionLedger.Count sum = SessionLedger.Count.NONE;
        for (int session = 0; session < names.length; session++) {
            sum = sum.plus(ledger.count(session, SessionReader.read(socket(session), names[session]), whole));
        }
        return sum;
    }

    private Caller socket(int session) {
        return sockets.get(session % sockets.size());
    }

    /** Times of one kind of call, in nanoseconds, since the last time that was asked. */
    public Histogram latency(Method method) {
        return latency.get(method).getIntervalHistogram();
    }

    public String name(int session) {
        return names[session];
    }

    public long sent() {
        return sent.get();
    }

    public long answered() {
        return answered.get();
    }

    public long refused() {
        return refused.get();
    }

    /** Why something was refused or lost; null when nothing was. */
    public @Nullable String refusal() {
        return refusal;
    }

    /** Blocks. */
    public void close() {
        loop.submit(() -> {
                    load = null;
                    closing = true;
                })
                .syncUninterruptibly();
        sockets.forEach(Caller::close);
    }
}
