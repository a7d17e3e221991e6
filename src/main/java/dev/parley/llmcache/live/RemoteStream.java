package dev.parley.llmcache.live;

import dev.parley.support.LatestSubscription;
import dev.parley.support.MemoryBudget;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A copy of a stream that another node computes. It requests the stream, and lost parts, while a caller here wants it (and once more, which
 * may be the first time): immediately, and again every {@link #AGAIN}, which also shows whether the other node is still alive. Thread-safe.
 */
final class RemoteStream implements Disposable {

    /** Silence after which the requested node counts as gone. */
    static final Duration SILENCE = Duration.ofSeconds(5);

    private static final Duration SOON = Duration.ofMillis(100);
    private static final Duration AGAIN = Duration.ofSeconds(1);

    /** Consecutive requests without a local reader before the copy ends. */
    private static final int IDLE = 2;

    private final LiveAnswer answer;
    private final LongConsumer ask;
    private final Runnable ended;
    private final LongSupplier nanos;
    private final LatestSubscription asking = new LatestSubscription();
    private long has;
    private long heard;
    private long askedForLost;
    private int idle;

    /**
     * @param ask requests the stream from a byte on
     * @param ended run when nothing more will come, for any reason
     * @param memory the budget for the copy
     */
    RemoteStream(LongConsumer ask, Runnable ended, LongSupplier nanos, MemoryBudget memory) {
        this.answer = new LiveAnswer(true, memory);
        this.ask = ask;
        this.ended = ended;
        this.nanos = nanos;
        this.askedForLost = nanos.getAsLong() - SOON.toNanos();
    }

    LiveAnswer answer() {
        return answer;
    }

    void open() {
        asking.begin(() -> Flux.concat(
                        Mono.just(0L),
                        Mono.delay(SOON),
                        Flux.interval(AGAIN, AGAIN).onBackpressureDrop())
                .subscribe(tick -> ask()));
    }

    private void ask() {
        long from;
        boolean once;
        boolean wanted = answer.watched();
        synchronized (this) {
            idle = wanted ? 0 : idle + 1;
            once = idle == 1;
            boolean silent = has > 0 && nanos.getAsLong() - heard > SILENCE.toNanos();
            from = idle > IDLE || silent ? -1 : has;
        }
        if (from < 0) {
            end(LiveAnswer.State.CUT);
        } else if (wanted || once) {
            ask.accept(from);
        }
    }

    /** Takes a part. Parts may arrive twice, or not at all. */
    void heard(LiveAnswerMessage part) {
        long lost = -1;
        LiveAnswer.State state = LiveAnswer.State.SHOWN;
        synchronized (this) {
            heard = nanos.getAsLong();
            long news = part.at() + part.bytes().length - has;
            if (part.at() > has) {
                lost = heard - askedForLost > SOON.toNanos() ? has : -1;
                askedForLost = lost < 0 ? askedForLost : heard;
            } else if (news >= 0) {
                int known = part.bytes().length - (int) news;
                if (news > 0) {
                    answer.add(
                            known == 0 ? part.bytes() : Arrays.copyOfRange(part.bytes(), known, part.bytes().length));
                    has += news;
                }
                state = part.state();
            }
        }
        if (lost >= 0) {
            ask.accept(lost);
        } else if (state.ended()) {
            end(state);
        } else if (part.bytes().length > 0) {
            answer.show();
        }
    }

    private void end(LiveAnswer.State how) {
        if (how == LiveAnswer.State.WHOLE) {
            answer.show();
            answer.end();
        } else {
            answer.cut();
        }
        ended.run();
    }

    @Override
    public void dispose() {
        asking.dispose();
        answer.cut();
        answer.forget();
    }
}
