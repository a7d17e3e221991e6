package dev.parley.sse;

import dev.parley.auth.Principal;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.http.Exchange;
import dev.parley.http.ProblemException;
import dev.parley.http.Route;
import dev.parley.hub.Delivery;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Serves {@code GET /v1/conversations/{id}/events}: server-sent events, or one poll where JSON is accepted or {@code wait} is given.
 * Thread-safe.
 */
public final class FollowEndpoint {

    private static final String JSON = "application/json";
    private static final int MAX_WAIT_S = 60;
    private static final int WAIT_S = 25;

    private final FollowServices services;
    private final EventStream stream;
    private final OpenFollowers open = new OpenFollowers();

    public FollowEndpoint(FollowServices services, SseSettings settings) {
        this.services = services;
        this.stream = new EventStream(settings.heartbeat());
    }

    public Route route() {
        return Route.get("/v1/conversations/{id}/events", this::follow);
    }

    /** Streams and polls that are open now. */
    public int size() {
        return open.size();
    }

    /** Tells everybody to come back elsewhere, spread over the window; completes when they have left, or with the window. Cold. */
    public Mono<Void> drain(Duration window) {
        return open.drain(window);
    }

    private Mono<Void> follow(Exchange exchange) {
        if (open.isDraining()) {
            throw ParleyException.of(ErrorCode.UNAVAILABLE, "this node is draining: connect again");
        }
        Principal who = services.authenticator().authenticate(exchange.bearer());
        who.requireAnyRole();
        String conversation = exchange.id("id");
        String since = since(exchange);
        boolean polled = isPolled(exchange);
        Duration wait = wait(exchange);
        if (exchange.headOnly()) {
            return exchange.bytes(200, polled ? JSON : EventStream.TYPE, new byte[0]);
        }
        Mono<SseEvent> goodbye = open.goodbye(who.expires());
        Flux<Delivery> followed = open.counted(entered(exchange, who, conversation)
                .thenMany(services.conversations().follow(who, conversation, since))
                .doOnError(
                        e -> ParleyException.is(e, ErrorCode.NOT_FOUND),
                        e -> services.witness().refused(who, conversation, "subscribe")));
        return polled
                ? LongPoll.answer(exchange, conversation, since, wait, followed, goodbye)
                : stream.send(exchange, followed, goodbye);
    }

    private Mono<Void> entered(Exchange exchange, Principal who, String conversation) {
        return services.connect().isOpen()
                ? Mono.empty()
                : services.connect()
                        .pass(who, conversation, services.addresses().of(exchange.request()), 1)
                        .doOnNext(taken -> exchange.answerWith(taken.headers()))
                        .then();
    }

    /** A browser that comes back by itself asks for the same address again, and says in a header how far it has come meanwhile. */
    private static @Nullable String since(Exchange exchange) {
        String last = exchange.header("Last-Event-ID");
        String since = last == null || last.isEmpty() ? exchange.query("since") : last;
        return since == null || since.isEmpty() ? null : since;
    }

    private static boolean isPolled(Exchange exchange) {
        String accepted = exchange.header(HttpHeaderNames.ACCEPT);
        String accept = accepted == null ? "*/*" : accepted.toLowerCase(Locale.ROOT);
        if (exchange.query("wait") != null) {
            return true;
        }
        if (accept.contains(EventStream.TYPE)) {
            return false;
        }
        if (accept.contains(JSON)) {
            return true;
        }
        if (accept.contains("*/*") || accept.contains("text/*")) {
            return false;
        }
        throw ProblemException.of(
                HttpResponseStatus.NOT_ACCEPTABLE, "Accept must allow " + EventStream.TYPE + " or " + JSON);
    }

    private static Duration wait(Exchange exchange) {
        String given = exchange.query("wait");
        if (given == null) {
            return Duration.ofSeconds(WAIT_S);
        }
        if (!given.matches("[0-9]{1,2}") || Integer.parseInt(given) > MAX_WAIT_S) {
            throw ParleyException.badRequest("wait must be a number of seconds from 0 to " + MAX_WAIT_S);
        }
        return Duration.ofSeconds(Integer.parseInt(given));
    }
}
