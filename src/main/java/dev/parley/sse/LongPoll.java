package dev.parley.sse;

import dev.parley.event.Position;
import dev.parley.http.Exchange;
import dev.parley.hub.Delivery;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Answers with what has come since a position, and waits where nothing has. */
final class LongPoll {

    /** What comes shortly behind the first event is answered with it. */
    private static final Duration GATHERING = Duration.ofMillis(50);

    private static final int MAX_FRAMES = 1_000;
    private static final long MAX_BYTES = 1024 * 1024;
    private static final int AHEAD = 16;

    private LongPoll() {}

    /**
     * 200 with frames as the WebSocket has them, or 204. At most {@value #MAX_FRAMES} frames, and no more once they have
     * {@value #MAX_BYTES} bytes together: the next poll goes on behind them.
     *
     * @param leave ends the waiting
     */
    static Mono<Void> answer(
            Exchange exchange,
            String conversation,
            @Nullable String since,
            Duration wait,
            Flux<Delivery> followed,
            Mono<?> leave) {
        return gathered(followed, wait, leave)
                .flatMap(deliveries -> deliveries.stream().anyMatch(LongPoll::isNews)
                        ? exchange.json(
                                200, json(conversation, since, deliveries).getBytes(StandardCharsets.UTF_8))
                        : exchange.empty(204));
    }

    private static Mono<List<Delivery>> gathered(Flux<Delivery> followed, Duration wait, Mono<?> leave) {
        return Flux.defer(() -> {
                    AtomicLong bytes = new AtomicLong();
                    return followed.publish(
                                    each -> each.takeUntilOther(Flux.firstWithSignal(
                                            each.next().flatMap(first -> Mono.delay(longer(wait, GATHERING))),
                                            each.filter(LongPoll::isNews).next().delayElement(GATHERING),
                                            leave)),
                                    AHEAD)
                            .take(MAX_FRAMES)
                            .takeUntil(each -> bytes.addAndGet(each.frame().size()) >= MAX_BYTES);
                })
                .collectList();
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private static boolean isNews(Delivery delivery) {
        return !(delivery instanceof Delivery.Subscribed);
    }

    private static String json(String conversation, @Nullable String since, List<Delivery> deliveries) {
        String position = deliveries.stream()
                .map(SseEvent::position)
                .filter(Objects::nonNull)
                .reduce((before, after) -> after)
                .map(Position::toString)
                .orElseGet(() -> since == null || Position.parse(since) == null ? null : since);
        return "{\"conversation\":\"" + conversation + "\",\"position\":"
                + (position == null ? "null" : "\"" + position + "\"") + ",\"frames\":"
                + deliveries.stream().map(each -> each.frame().json()).collect(Collectors.joining(",", "[", "]")) + "}";
    }
}
