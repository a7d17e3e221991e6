package dev.parley.llmcache.live;

import dev.parley.support.LatestSubscription;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Sends one of this node's streams to one other node, while that node wants it: everything new in one message, one message at a time, and
 * after the last part the next one after {@link #PACE}. Thread-safe.
 */
final class StreamSender implements LiveAnswer.Reader, Disposable {

    static final Duration PACE = Duration.ofMillis(20);

    private static final int LARGEST = 256 << 10;

    /** Longer than the interval of requests by a node with a follower, which is a second. */
    private static final Duration FOLLOWED = Duration.ofMillis(2_500);

    private final String name;
    private final LiveAnswer answer;
    private final Function<LiveAnswerMessage, Mono<Void>> send;
    private final LongSupplier nanos;
    private final AtomicInteger sending = new AtomicInteger();
    private final LatestSubscription work = new LatestSubscription();
    private long at;
    private volatile long had;
    private volatile long wanted;
    private boolean asked;
    private boolean told;

    /** @param send never fails */
    StreamSender(String name, LiveAnswer answer, Function<LiveAnswerMessage, Mono<Void>> send, LongSupplier nanos) {
        this.name = name;
        this.answer = answer;
        this.send = send;
        this.nanos = nanos;
        this.wanted = nanos.getAsLong();
        answer.follow(this);
    }

    @Override
    public void more() {
        send();
    }

    /** Lost messages are requested again. */
    @Override
    public long at() {
        return had;
    }

    @Override
    public boolean follows() {
        return nanos.getAsLong() - wanted < FOLLOWED.toNanos();
    }

    /** The other node has the bytes before this one, and is alive: it receives at least an empty reply. */
    void wanted(long from) {
        synchronized (this) {
            at = from;
            had = from;
            wanted = nanos.getAsLong();
            asked = true;
        }
        send();
    }

    private void send() {
        if (sending.getAndIncrement() == 0) {
            next(1);
        }
    }

    private void next(int missed) {
        LiveAnswerMessage message = message();
        if (message == null && follows()) {
            answer.pull();
        }
        if (message != null) {
            Mono<?> pause = message.bytes().length < LARGEST / 2 ? Mono.delay(PACE) : Mono.just(message);
            work.begin(() -> send.apply(message).then(pause).subscribe(sent -> next(sending.get())));
        } else if (sending.addAndGet(-missed) != 0) {
            next(sending.get());
        }
    }

    /** The message to send now; null for none. */
    private synchronized @Nullable LiveAnswerMessage message() {
        LiveAnswer.Part part = answer.readShown(at, LARGEST);
        if (part == null) {
            part = new LiveAnswer.Part(new byte[0], true, LiveAnswer.State.CUT);
        }
        boolean ends = part.last() && part.state().ended();
        if (isForgotten()
                || part.state() == LiveAnswer.State.HIDDEN
                || !(asked || part.bytes().length > 0 || (ends && !told))) {
            return null;
        }
        LiveAnswerMessage message = LiveAnswerMessage.part(name, at, part);
        at += part.bytes().length;
        asked = false;
        told = ends;
        return message;
    }

    /** Whether the other node has sent no request for some time. */
    private boolean isForgotten() {
        return nanos.getAsLong() - wanted > RemoteStream.SILENCE.toNanos();
    }

    @Override
    public void dispose() {
        answer.leave(this);
        work.dispose();
    }
}
