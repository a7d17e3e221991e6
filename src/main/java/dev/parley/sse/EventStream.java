package dev.parley.sse;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.http.Exchange;
import dev.parley.hub.Delivery;
import dev.parley.protocol.ServerFrames;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerRequest;

/**
 * Sends a conversation as server-sent events. A client that reads too slowly is cut off: it comes back with {@code Last-Event-ID}, and
 * misses nothing.
 */
final class EventStream {

    static final String TYPE = "text/event-stream";

    /** What is read ahead of the channel. */
    private static final int AHEAD = 16;

    private static final Duration RETRY = Duration.ofSeconds(1);
    /** A proxy must not collect what is to be seen at once. */
    private static final List<String> UNBUFFERED = List.of("X-Accel-Buffering", "no");

    private final Duration heartbeat;

    EventStream(Duration heartbeat) {
        this.heartbeat = heartbeat;
    }

    /**
     * @param followed fails before its first delivery where the conversation can't be followed: then so does the answer
     * @param goodbye the last event, when the stream must end
     */
    Mono<Void> send(Exchange exchange, Flux<Delivery> followed, Mono<SseEvent> goodbye) {
        Channel channel = channel(exchange.request());
        return followed.switchOnFirst((first, all) -> {
                    Throwable refused = first.getThrowable();
                    return refused == null
                            ? send(exchange, channel, events(cutIfSlow(all, channel), goodbye))
                            : Mono.<Void>error(refused);
                })
                .then();
    }

    /** What is under way to whoever reads too slowly never arrives: the answer would wait for that before it failed. */
    private static Flux<Delivery> cutIfSlow(Flux<Delivery> followed, Channel channel) {
        return followed.doOnError(e -> ParleyException.is(e, ErrorCode.OVERLOADED), e -> {
            var unused = channel.close();
        });
    }

    private Flux<SseEvent> events(Flux<Delivery> followed, Mono<SseEvent> goodbye) {
        Flux<SseEvent> events = followed.map(SseEvent::of)
                .onErrorResume(ParleyException.class, refusal -> Mono.just(error(refusal)))
                .concatWithValues(SseEvent.END);
        Flux<SseEvent> beats = Flux.interval(heartbeat).onBackpressureDrop().map(tick -> SseEvent.HEARTBEAT);
        return Flux.merge(1, Flux.just(new SseEvent(null, RETRY, null, false)), events, goodbye, beats)
                .takeUntil(SseEvent::last);
    }

    private static SseEvent error(ParleyException refusal) {
        return new SseEvent(null, null, ServerFrames.error(null, refusal), false);
    }

    private static Mono<Void> send(Exchange exchange, Channel channel, Flux<SseEvent> events) {
        return Mono.defer(() -> {
            WritableGate gate = new WritableGate(channel);
            exchange.answerWith(UNBUFFERED);
            exchange.response()
                    .header(HttpHeaderNames.CONTENT_TYPE, TYPE)
                    .header(HttpHeaderNames.CACHE_CONTROL, "no-store");
            channel.pipeline().addFirst(gate);
            Flux<ByteBuf> bytes = events.publishOn(Schedulers.fromExecutor(channel.eventLoop()), false, AHEAD)
                    .concatMap(
                            event -> gate.writable().then(Mono.fromSupplier(() -> event.encode(channel.alloc()))), 1);
            return exchange.response().send(bytes, each -> true).then().doFinally(end -> {
                if (channel.isRegistered() && channel.pipeline().context(gate) != null) {
                    channel.pipeline().remove(gate);
                }
            });
        });
    }

    private static Channel channel(HttpServerRequest request) {
        AtomicReference<Channel> channel = new AtomicReference<>();
        request.withConnection(connection -> channel.set(connection.channel()));
        return Objects.requireNonNull(channel.get());
    }
}
