package dev.parley.sse;

import dev.parley.protocol.CloseCode;
import dev.parley.protocol.ServerFrames;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Who follows over HTTP now, and when they must leave. Thread-safe. */
final class OpenFollowers {

    /** What the last ones to be told have left to leave. */
    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private static final Duration EXPIRED_RETRY = Duration.ofMillis(200);

    /** Timers count nanoseconds: a token may be good for longer than there are. */
    private static final Duration MAX_LIFETIME = Duration.ofDays(365);

    private final Set<Sinks.Empty<Void>> open = ConcurrentHashMap.newKeySet();
    private final Sinks.One<Duration> draining = Sinks.one();

    int size() {
        return open.size();
    }

    /** Whether nobody may come any more. */
    boolean isDraining() {
        return Boolean.TRUE.equals(draining.scan(Scannable.Attr.TERMINATED));
    }

    /** Counts a follower from the subscription on, until it ends. */
    <T> Flux<T> counted(Flux<T> follower) {
        return Flux.defer(() -> {
            Sinks.Empty<Void> ended = Sinks.empty();
            open.add(ended);
            return follower.doFinally(end -> {
                open.remove(ended);
                var unused = ended.tryEmitEmpty();
            });
        });
    }

    /**
     * The last event of a stream that must end: the node is stopping, which each stream is told at another moment of the window, or its
     * token has expired.
     *
     * @param expires null for never
     */
    Mono<SseEvent> goodbye(@Nullable Instant expires) {
        Mono<SseEvent> drained = draining.asMono()
                .flatMap(spread -> Mono.delay(Duration.ofNanos(
                        (long) (spread.toNanos() * ThreadLocalRandom.current().nextDouble()))))
                .map(now -> goodbye(CloseCode.DRAINING, Duration.ZERO));
        return expires == null
                ? drained
                : Mono.firstWithSignal(
                        drained, Mono.delay(lifetime(expires)).map(now -> goodbye(CloseCode.EXPIRED, EXPIRED_RETRY)));
    }

    private static Duration lifetime(Instant expires) {
        Duration left = Duration.between(Instant.now(), expires);
        return left.compareTo(MAX_LIFETIME) < 0 ? left : MAX_LIFETIME;
    }

    private static SseEvent goodbye(CloseCode code, Duration retry) {
        long low = retry.toMillis();
        return new SseEvent(null, retry, ServerFrames.goodbye(code.code(), code.reason(), low, low * 5), true);
    }

    /** Tells everybody to leave, spread over the window; completes when they have left, or with the window. Cold. */
    Mono<Void> drain(Duration window) {
        return Mono.defer(() -> {
            Duration spread = window.compareTo(LAST_WORDS) > 0 ? window.minus(LAST_WORDS) : Duration.ZERO;
            var unused = draining.tryEmitValue(spread);
            return Mono.when(open.stream().map(Sinks.Empty::asMono).toList())
                    .timeout(spread.plus(LAST_WORDS), Mono.empty());
        });
    }
}
