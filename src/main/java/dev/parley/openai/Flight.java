package dev.parley.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.parley.frame.Refusal;
import dev.parley.llmcache.CacheKey;
import dev.parley.llmcache.Lead;
import dev.parley.llmcache.LlmCache;
import dev.parley.llmcache.Question;
import dev.parley.llmcache.Reply;
import dev.parley.llmcache.Stored;
import dev.parley.llmcache.live.LiveAnswer;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** An answer on its way from the upstream to the cache. For one call. */
final class Flight {

    private static final Logger LOG = LoggerFactory.getLogger(Flight.class);

    /** In the time of a lease: one that fails costs nothing. */
    private static final int RENEWALS = 3;

    private final LlmCache cache;
    private final Ask ask;
    private final boolean stores;
    private final @Nullable Lead lead;
    private final @Nullable CacheKey key;
    private final @Nullable String form;
    private final @Nullable LiveAnswer live;
    private final long began = System.nanoTime();
    private final Disposable.Swap renewing = Disposables.swap();
    private volatile boolean landed;

    private Flight(LlmCache cache, Ask ask, boolean stores, @Nullable Lead lead) {
        this.cache = cache;
        this.ask = ask;
        this.stores = stores;
        this.lead = lead;
        this.key = lead == null || ask.question() == null ? null : cache.key(ask.question());
        this.form = ask.form();
        this.live = stores && lead != null && form != null ? cache.show(lead.token(), form) : null;
    }

    /** @param lead there when others may wait for it: until it is closed nobody else begins, however long that takes */
    static Flight begun(LlmCache cache, Ask ask, boolean stores, @Nullable Lead lead) {
        Flight flight = new Flight(cache, ask, stores, lead);
        CacheKey key = flight.key;
        if (lead != null && key != null) {
            flight.renewing.update(Flux.interval(Duration.ofMillis(Math.max(1, lead.millis() / RENEWALS)))
                    .onBackpressureDrop()
                    .concatMap(tick -> cache.renew(key, lead), 1)
                    .subscribe());
        }
        return flight;
    }

    boolean stores() {
        return stores;
    }

    /**
     * Lets others see a stream of {@link Ask#form a form} as it comes: from its first words on, so that whoever has seen nothing of one that
     * fails tries himself.
     */
    Flux<byte[]> shown(Flux<byte[]> events, Chunks chunks) {
        LiveAnswer shared = live;
        return shared == null
                ? events
                : events.doOnNext(event -> {
                            shared.add(event);
                            if (chunks.speaks()) {
                                shared.show();
                            }
                        })
                        .doOnComplete(shared::end);
    }

    /**
     * Offers a whole answer with status 200 to the cache; what is none, or null, ends the waiting for it.
     *
     * @return what has come of it; empty when it was not offered. Never fails
     */
    Mono<Stored> land(@Nullable JsonNode response) {
        Question question = ask.question();
        if (!stores || question == null) {
            return Mono.empty();
        }
        return Mono.defer(() -> {
                    landed = true;
                    boolean whole = response != null && ask.api().isWhole(ask.request(), response);
                    // The seed's entries have no tags.
                    List<String> tags = cache.key(question).seed() ? List.of() : ask.tags();
                    Reply reply = new Reply(
                            response == null ? NullNode.getInstance() : response,
                            200,
                            !whole,
                            null,
                            null,
                            0,
                            Duration.ofNanos(System.nanoTime() - began),
                            tags,
                            null);
                    return cache.put(question, reply, lead == null ? null : lead.token());
                })
                .doOnError(e -> !(e instanceof Refusal), e -> LOG.warn("An answer could not be kept", e))
                .onErrorComplete();
    }

    /** Whoever waits may compute it, unless it has landed. Never fails. */
    Mono<Void> close() {
        return end(cache::abandon);
    }

    /** The same; where the upstream is not even asked, all who wait here hear so at once. */
    Mono<Void> failed(Throwable error) {
        return error instanceof ProxyException refused && refused.code().equals(Upstream.UNAVAILABLE)
                ? end(cache::dismiss)
                : close();
    }

    private Mono<Void> end(BiFunction<CacheKey, String, Mono<Boolean>> how) {
        return Mono.defer(() -> {
            renewing.dispose();
            if (live != null && lead != null && form != null) {
                cache.conceal(lead.token(), form);
            }
            return lead == null || landed || key == null
                    ? Mono.empty()
                    : how.apply(key, lead.token()).then();
        });
    }
}
