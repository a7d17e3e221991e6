package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.http.Exchange;
import dev.parley.llmcache.CacheAnswer;
import dev.parley.llmcache.CacheSettings;
import dev.parley.llmcache.ComputeFailure;
import dev.parley.llmcache.ComputeLease;
import dev.parley.llmcache.LlmCache;
import dev.parley.llmcache.LookupOptions;
import dev.parley.llmcache.Question;
import dev.parley.llmcache.Reason;
import dev.parley.support.BoundedTasks;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Answers from the cache, or from the upstream. Thread-safe; errors are {@link ErrorAnswer}'s. */
final class Proxy implements Disposable {

    static final String MARK = "X-Parley-Cache";
    static final String ENTRY = "X-Parley-Cache-Entry";

    private static final String EVENTS = "text/event-stream";
    private static final int REFRESHES = 64;

    /** Renewed while this node computes. If the node is killed, others take over after this time. */
    private static final Duration LEASE = Duration.ofSeconds(5);

    /** Parts buffered per follower, besides the shared buffer. */
    private static final int AHEAD = 4;

    /** Rules of the policy by which the cache is not asked. */
    private static final Set<Reason> RULES =
            Set.of(Reason.CATEGORY, Reason.MULTI_TURN, Reason.TEMPERATURE, Reason.TIME_SENSITIVE, Reason.PII);

    private final LlmCache cache;
    private final Upstream upstream;
    private final Duration patience;
    private final BoundedTasks refreshing = new BoundedTasks(REFRESHES);
    private final Disposable.Composite flights = Disposables.composite();

    Proxy(LlmCache cache, Upstream upstream) {
        this.cache = cache;
        this.upstream = upstream;
        Duration longest = upstream.settings().responseTimeout().plusSeconds(5);
        this.patience = longest.compareTo(CacheSettings.MAX_LEASE) < 0 ? longest : CacheSettings.MAX_LEASE;
    }

    /** Ends all upstream calls. */
    @Override
    public void dispose() {
        refreshing.dispose();
        flights.dispose();
    }

    Mono<Void> serve(Exchange exchange, ProxyRequest ask) {
        Question question = ask.question();
        String bypass = ask.bypass();
        if (question == null || bypass != null) {
            return pass(exchange, ask, "bypass; reason=" + bypass, ask.stores(), null);
        }
        CacheControl control = ask.control();
        LookupOptions terms = control.onlyIfCached()
                ? new LookupOptions(Duration.ZERO, Duration.ZERO, control.maxAge())
                : new LookupOptions(patience, LEASE, control.maxAge(), 0, ask.form(), ask.account());
        return cache.lookup(question, terms)
                // Redis' event loop must not read and write responses.
                .publishOn(Schedulers.fromExecutor(exchange.eventLoop()))
                .flatMap(answer -> answer(exchange, ask, answer));
    }

    private Mono<Void> answer(Exchange exchange, ProxyRequest ask, CacheAnswer answer) {
        if (answer instanceof CacheAnswer.Hit hit) {
            return hit(exchange, ask, hit);
        }
        if (answer instanceof CacheAnswer.Live live) {
            return join(exchange, ask, live);
        }
        return answer instanceof CacheAnswer.Failed failed
                ? failed(exchange, failed.failure())
                : miss(exchange, ask, (CacheAnswer.Miss) answer);
    }

    /**
     * Follows another caller's stream, at the client's own pace and on its own event loop. If the stream ends before a word of it has
     * arrived here, the request is forwarded separately.
     */
    private Mono<Void> join(Exchange exchange, ProxyRequest ask, CacheAnswer.Live live) {
        return live.events()
                .publishOn(Schedulers.fromExecutor(exchange.eventLoop()), true, AHEAD)
                .switchOnFirst((first, events) -> {
                    if (first.isOnError()) {
                        return pass(exchange, ask, "miss; reason=" + Reason.IN_FLIGHT.wire(), true, null);
                    }
                    mark(exchange, "joined");
                    return stream(exchange, 200, events);
                })
                .then();
    }

    /** Answers with the failure of an earlier caller, which this caller would receive, too. */
    private static Mono<Void> failed(Exchange exchange, ComputeFailure failure) {
        return Mono.defer(() -> {
            mark(exchange, "joined");
            exchange.answerWith(failure.headers());
            return exchange.bytes(failure.status(), failure.type(), failure.body());
        });
    }

    private Mono<Void> hit(Exchange exchange, ProxyRequest ask, CacheAnswer.Hit hit) {
        JsonNode response = Json.read(hit.entry().json()).path("response");
        if (!ask.isAnsweredBy(response)) {
            return otherwise(exchange, ask, "miss; reason=format", true, hit);
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
                ? stream(exchange, 200, Flux.fromIterable(ChunkSynthesizer.events(response, ask.wantsUsage())))
                : exchange.json(200, Json.bytes(response));
        return hit.lead() == null ? answer : refresh(ask, hit, hit.lead()).then(answer);
    }

    private Mono<Void> miss(Exchange exchange, ProxyRequest ask, CacheAnswer.Miss miss) {
        boolean ruled = RULES.contains(miss.reason());
        String mark = (ruled ? "bypass" : "miss") + "; reason=" + miss.reason().wire();
        return otherwise(exchange, ask, mark, !ruled, miss);
    }

    /** Forwards to the upstream, if the caller permits it. */
    private Mono<Void> otherwise(Exchange exchange, ProxyRequest ask, String mark, boolean stores, CacheAnswer answer) {
        ComputeLease lead = answer.lead();
        if (!ask.control().onlyIfCached()) {
            return pass(exchange, ask, mark, stores, lead == null ? null : new CacheFill.Shared(answer.key(), lead));
        }
        mark(exchange, mark);
        // A look-up of a stale entry may have made even a caller with only-if-cached the one that computes.
        Mono<Boolean> abandoned = lead == null ? Mono.empty() : cache.abandon(answer.key(), lead.token());
        return abandoned.then(
                Mono.error(new ProxyException(504, "not_cached", "the cache has no such response: " + mark)));
    }

    private Mono<Void> pass(
            Exchange exchange, ProxyRequest ask, String mark, boolean stores, CacheFill.@Nullable Shared shared) {
        return flown(
                ask,
                stores,
                shared,
                flight -> flight.head()
                        .publishOn(Schedulers.fromExecutor(exchange.eventLoop()))
                        .flatMap(head -> tell(exchange, mark, head))
                        .onErrorResume(UpstreamErrorResponse.class, failed -> {
                            mark(exchange, mark);
                            return tell(exchange, failed.status(), failed.headers(), failed.body());
                        })
                        .doOnError(e -> mark(exchange, mark)));
    }

    /** However the call ends, the fill learns that its caller has been answered, or has disconnected. */
    private Mono<Void> flown(
            ProxyRequest ask, boolean stores, CacheFill.@Nullable Shared shared, Function<CacheFill, Mono<Void>> use) {
        return Mono.using(() -> begun(ask, stores, shared), use, CacheFill::leave);
    }

    private CacheFill begun(ProxyRequest ask, boolean stores, CacheFill.@Nullable Shared shared) {
        CacheFill flight = new CacheFill(cache, upstream, ask, stores, shared);
        if (!flights.add(flight)) {
            throw ParleyException.of(ErrorCode.UNAVAILABLE, "this node is stopping: try again at another node");
        }
        flight.begin(() -> flights.remove(flight));
        return flight;
    }

    private static Mono<Void> tell(Exchange exchange, String mark, CacheFill.Head head) {
        if (head instanceof CacheFill.Head.Whole whole) {
            mark(
                    exchange,
                    whole.refused() == null
                            ? mark
                            : mark + "; not-stored=" + whole.refused().wire());
            return tell(exchange, whole.status(), whole.headers(), whole.body());
        }
        CacheFill.Head.Streamed streamed = (CacheFill.Head.Streamed) head;
        mark(exchange, mark);
        exchange.answerWith(Headers.passed(streamed.headers()));
        return stream(
                exchange,
                streamed.status(),
                streamed.events().publishOn(Schedulers.fromExecutor(exchange.eventLoop()), true, AHEAD));
    }

    private static Mono<Void> tell(Exchange exchange, int status, HttpHeaders headers, byte[] body) {
        return Mono.defer(() -> {
            exchange.answerWith(Headers.passed(headers));
            return exchange.bytes(status, Headers.contentType(headers), body);
        });
    }

    private static Mono<Void> stream(Exchange exchange, int status, Flux<byte[]> events) {
        return Mono.defer(() -> exchange.response()
                .status(status)
                .header(HttpHeaderNames.CONTENT_TYPE, EVENTS)
                .header(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .send(events.map(Unpooled::wrappedBuffer), each -> true)
                .then());
    }

    private static void mark(Exchange exchange, String mark) {
        exchange.answerWith(List.of(MARK, mark));
    }

    /** Refreshes a stale entry in the background; if there are too many refreshes, the next caller does. */
    private Mono<Void> refresh(ProxyRequest ask, CacheAnswer.Hit stale, ComputeLease lead) {
        Mono<Void> refreshed = flown(
                ask.whole(),
                true,
                new CacheFill.Shared(stale.key(), lead),
                flight -> flight.head().then());
        return refreshing.begin(refreshed)
                ? Mono.empty()
                : cache.abandon(stale.key(), lead.token()).then();
    }
}
