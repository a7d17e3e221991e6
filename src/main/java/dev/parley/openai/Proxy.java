package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.http.Exchange;
import dev.parley.llmcache.Answer;
import dev.parley.llmcache.CacheSettings;
import dev.parley.llmcache.Lead;
import dev.parley.llmcache.LlmCache;
import dev.parley.llmcache.Question;
import dev.parley.llmcache.Reason;
import dev.parley.llmcache.Stored;
import dev.parley.llmcache.Terms;
import dev.parley.openai.Upstream.Received;
import dev.parley.support.Background;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Answers from the cache, or from the upstream. Thread-safe; errors are {@link ErrorAnswer}'s. */
final class Proxy implements Disposable {

    static final String MARK = "X-Parley-Cache";
    static final String ENTRY = "X-Parley-Cache-Entry";

    private static final String EVENTS = "text/event-stream";
    private static final int REFRESHES = 64;

    /** Renewed as long as this node computes: others take over that much later when it is killed. */
    private static final Duration LEASE = Duration.ofSeconds(5);

    /** Parts that wait for who follows, before they wait with everybody's. */
    private static final int AHEAD = 4;

    /** The policy keeps these out: the cache has not been asked. */
    private static final Set<Reason> RULES =
            Set.of(Reason.CATEGORY, Reason.MULTI_TURN, Reason.TEMPERATURE, Reason.TIME_SENSITIVE, Reason.PII);

    private final LlmCache cache;
    private final Upstream upstream;
    private final Duration patience;
    private final Background refreshing = new Background(REFRESHES);

    Proxy(LlmCache cache, Upstream upstream) {
        this.cache = cache;
        this.upstream = upstream;
        Duration longest = upstream.settings().responseTimeout().plusSeconds(5);
        this.patience = longest.compareTo(CacheSettings.MAX_LEASE) < 0 ? longest : CacheSettings.MAX_LEASE;
    }

    /** Ends refreshes. */
    @Override
    public void dispose() {
        refreshing.dispose();
    }

    Mono<Void> serve(Exchange exchange, Ask ask) {
        Question question = ask.question();
        String bypass = ask.bypass();
        if (question == null || bypass != null) {
            return otherwise(exchange, ask, "bypass; reason=" + bypass, ask.stores(), null);
        }
        CacheControl control = ask.control();
        Terms terms = control.onlyIfCached()
                ? new Terms(Duration.ZERO, Duration.ZERO, control.maxAge())
                : new Terms(patience, LEASE, control.maxAge(), 0, ask.form());
        return cache.lookup(question, terms)
                // Redis' event loop has better to do than to read and write answers.
                .publishOn(Schedulers.fromExecutor(exchange.eventLoop()))
                .flatMap(answer -> answer(exchange, ask, answer));
    }

    private Mono<Void> answer(Exchange exchange, Ask ask, Answer answer) {
        if (answer instanceof Answer.Hit hit) {
            return hit(exchange, ask, hit);
        }
        return answer instanceof Answer.Live live ? join(exchange, live) : miss(exchange, ask, (Answer.Miss) answer);
    }

    /** What somebody else is just being answered, each at his own pace, and on his own event loop. */
    private static Mono<Void> join(Exchange exchange, Answer.Live live) {
        mark(exchange, "joined");
        return stream(
                exchange, 200, live.events().publishOn(Schedulers.fromExecutor(exchange.eventLoop()), true, AHEAD));
    }

    private Mono<Void> hit(Exchange exchange, Ask ask, Answer.Hit hit) {
        JsonNode response = Json.read(hit.entry().json()).path("response");
        if (!ask.isAnsweredBy(response)) {
            return otherwise(exchange, ask, "miss; reason=format", true, hit.lead());
        }
        mark(
                exchange,
                switch (hit.kind()) {
                    case EXACT -> "hit-exact";
                    case SEMANTIC -> "hit-semantic";
                    case STALE -> "stale";
                    case JOINED -> "joined";
                });
        exchange.answerWith(List.of(ENTRY, hit.entryKey()));
        if (hit.ageMillis() >= 0) {
            exchange.answerWith(List.of(HttpHeaderNames.AGE.toString(), Long.toString(hit.ageMillis() / 1000)));
        }
        Mono<Void> answer = ask.streams()
                ? stream(exchange, 200, Flux.fromIterable(Replay.events(response, ask.wantsUsage())))
                : exchange.json(200, Json.bytes(response));
        return hit.lead() == null ? answer : refresh(ask, hit, hit.lead()).then(answer);
    }

    private Mono<Void> miss(Exchange exchange, Ask ask, Answer.Miss miss) {
        boolean ruled = RULES.contains(miss.reason());
        String mark = (ruled ? "bypass" : "miss") + "; reason=" + miss.reason().wire();
        return otherwise(exchange, ask, mark, !ruled, miss.lead());
    }

    /** From the upstream, if the caller wants that. */
    private Mono<Void> otherwise(Exchange exchange, Ask ask, String mark, boolean stores, @Nullable Lead lead) {
        mark(exchange, mark);
        // A look past an entry's time may have made even the one who asks nobody else its leader.
        return flown(
                ask,
                stores,
                lead,
                flight -> ask.control().onlyIfCached()
                        ? Mono.error(
                                new ProxyException(504, "not_cached", "there is no such answer in the cache: " + mark))
                        : forward(exchange, ask, mark, flight));
    }

    /** However it ends, nobody waits for a flight that does not come. */
    private Mono<Void> flown(Ask ask, boolean stores, @Nullable Lead lead, Function<Flight, Mono<Void>> use) {
        return Mono.usingWhen(
                Mono.fromSupplier(() -> Flight.begun(cache, ask, stores, lead)),
                use,
                Flight::close,
                Flight::failed,
                Flight::close);
    }

    private Mono<Void> forward(Exchange exchange, Ask ask, String mark, Flight flight) {
        return upstream.<Void>call(
                        ask.api().path(),
                        ask.headers(),
                        ask.body(),
                        received -> isStream(received)
                                ? passStream(exchange, received, flight)
                                : passWhole(exchange, received, mark, flight))
                .then()
                .onErrorResume(
                        Failed.class, failed -> pass(exchange, failed.status(), failed.headers(), failed.body()));
    }

    private static boolean isStream(Received received) {
        return contentType(received.headers()).toLowerCase(Locale.ROOT).startsWith(EVENTS);
    }

    private Mono<Void> passWhole(Exchange exchange, Received received, String mark, Flight flight) {
        return upstream.whole(received.body())
                .flatMap(body -> landed(received, body, flight)
                        .mapNotNull(Stored::reason)
                        .doOnNext(reason -> mark(exchange, mark + "; not-stored=" + reason.wire()))
                        .then(pass(exchange, received.status(), received.headers(), body)));
    }

    private static Mono<Stored> landed(Received received, byte[] body, Flight flight) {
        return received.status() == 200 && flight.stores() ? flight.land(Json.readOrNull(body)) : Mono.empty();
    }

    /** Each event as it comes; the last one when the answer is in the cache. */
    private Mono<Void> passStream(Exchange exchange, Received received, Flight flight) {
        int most = upstream.settings().maxBody();
        EventCutter cutter = new EventCutter(most);
        Chunks chunks = new Chunks(most);
        boolean keeps = received.status() == 200 && flight.stores();
        Flux<byte[]> events = received.body()
                .concatMapIterable(cutter::add)
                .concatMap(event -> keeps ? copied(event, chunks, flight) : Mono.just(event))
                .concatWith(Mono.fromSupplier(cutter::rest).filter(rest -> rest.length > 0));
        passHeaders(exchange, received.headers());
        return stream(exchange, received.status(), keeps ? flight.shown(events, chunks) : events);
    }

    private static Mono<byte[]> copied(byte[] event, Chunks chunks, Flight flight) {
        String data = EventCutter.data(event);
        if (data.equals(Chunks.DONE)) {
            return flight.land(chunks.whole()).thenReturn(event);
        }
        if (!data.isEmpty()) {
            chunks.add(data);
        }
        return Mono.just(event);
    }

    private static Mono<Void> stream(Exchange exchange, int status, Flux<byte[]> events) {
        return Mono.defer(() -> exchange.response()
                .status(status)
                .header(HttpHeaderNames.CONTENT_TYPE, EVENTS)
                .header(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .send(events.map(Unpooled::wrappedBuffer), each -> true)
                .then());
    }

    private static Mono<Void> pass(Exchange exchange, int status, HttpHeaders headers, byte[] body) {
        return Mono.defer(() -> {
            passHeaders(exchange, headers);
            return exchange.bytes(status, contentType(headers), body);
        });
    }

    private static void passHeaders(Exchange exchange, HttpHeaders headers) {
        for (Map.Entry<String, String> header : headers) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (name.startsWith("openai-")
                    || name.startsWith("x-ratelimit-")
                    || name.equals("x-request-id")
                    || name.equals("x-should-retry")
                    || name.startsWith("retry-after")) {
                exchange.answerWith(List.of(name, header.getValue()));
            }
        }
    }

    private static String contentType(HttpHeaders headers) {
        return Objects.requireNonNullElse(headers.get(HttpHeaderNames.CONTENT_TYPE), "application/octet-stream");
    }

    private static void mark(Exchange exchange, String mark) {
        exchange.answerWith(List.of(MARK, mark));
    }

    /** Asks again in the background for what is served stale; the next one who asks does where there is too much of that. */
    private Mono<Void> refresh(Ask ask, Answer.Hit stale, Lead lead) {
        Ask whole = ask.whole();
        return refreshing.begin(flown(whole, true, lead, flight -> refreshed(whole, flight)))
                ? Mono.empty()
                : cache.abandon(stale.key(), lead.token()).then();
    }

    private Mono<Void> refreshed(Ask ask, Flight flight) {
        return upstream.<Void>call(
                        ask.api().path(),
                        ask.headers(),
                        ask.body(),
                        received -> upstream.whole(received.body())
                                .flatMap(body -> landed(received, body, flight))
                                .then())
                .then();
    }
}
