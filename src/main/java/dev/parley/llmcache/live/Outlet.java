package dev.parley.llmcache.live;

import dev.parley.support.Succession;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Sends an answer of this node's to one other node for as long as that one wants it: what has come meanwhile in one message, one message
 * at a time, and when there is no more, the next one after {@link #PACE}. Thread-safe.
 */
final class Outlet implements Disposable {

    static final Duration PACE = Duration.ofMillis(20);

    private static final int LARGEST = 256 << 10;

    private final String name;
    private final LiveAnswer answer;
    private final Function<Message, Mono<Void>> send;
    private final LongSupplier nanos;
    private final AtomicInteger sending = new AtomicInteger();
    private final Succession work = new Succession();
    private final Runnable more = this::send;
    private long at;
    private long wanted;
    private boolean asked;
    private boolean told;

    /** @param send never fails */
    Outlet(String name, LiveAnswer answer, Function<Message, Mono<Void>> send, LongSupplier nanos) {
        this.name = name;
        this.answer = answer;
        this.send = send;
        this.nanos = nanos;
        this.wanted = nanos.getAsLong();
        answer.follow(more);
    }

    /** The other node has what comes before that byte, and is there: it is told the same at least. */
    void wanted(long from) {
        synchronized (this) {
            at = from;
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
        Message message = message();
        if (message != null) {
            Mono<?> pause = message.bytes().length < LARGEST / 2 ? Mono.delay(PACE) : Mono.just(message);
            work.begin(() -> send.apply(message).then(pause).subscribe(sent -> next(sending.get())));
        } else if (sending.addAndGet(-missed) != 0) {
            next(sending.get());
        }
    }

    /** What is to be told now; null: nothing. */
    private synchronized @Nullable Message message() {
        LiveAnswer.Part part = answer.read(at, LARGEST);
        if (part == null) {
            part = new LiveAnswer.Part(new byte[0], true, LiveAnswer.State.CUT);
        }
        boolean ends = part.last() && part.state().ended();
        if (isForgotten()
                || part.state() == LiveAnswer.State.HIDDEN
                || !(asked || part.bytes().length > 0 || (ends && !told))) {
            return null;
        }
        Message message = Message.part(name, at, part);
        at += part.bytes().length;
        asked = false;
        told = ends;
        return message;
    }

    /** Whether the other node has not said for some time that it wants it. */
    private boolean isForgotten() {
        return nanos.getAsLong() - wanted > Feed.SILENCE.toNanos();
    }

    @Override
    public void dispose() {
        answer.leave(more);
        work.dispose();
    }
}
