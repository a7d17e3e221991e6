package dev.parley.openai;

import dev.parley.auth.Authenticator;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.http.Exchange;
import dev.parley.http.OriginCheck;
import dev.parley.http.Route;
import dev.parley.llmcache.LlmCache;
import dev.parley.support.MemoryBudget;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.List;
import java.util.stream.Stream;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** {@code POST /v1/chat/completions} and {@code /v1/embeddings}, for agents. Thread-safe. */
public final class OpenAiRoutes implements Disposable {

    private final Authenticator authenticator;
    private final boolean checkOrigin;
    private final Upstream upstream;
    private final Proxy proxy;

    /** @param checkOrigin whether only same-origin and loopback pages may ask */
    public OpenAiRoutes(Authenticator authenticator, boolean checkOrigin, LlmCache cache, Upstream upstream) {
        this.authenticator = authenticator;
        this.checkOrigin = checkOrigin;
        this.upstream = upstream;
        this.proxy = new Proxy(cache, upstream);
    }

    public List<Route> routes() {
        return Stream.of(ProxiedApi.values())
                .map(api -> Route.post("/v1" + api.path(), exchange -> serve(api, exchange)))
                .toList();
    }

    /** Ends background calls. */
    @Override
    public void dispose() {
        proxy.dispose();
    }

    private Mono<Void> serve(ProxiedApi api, Exchange exchange) {
        return Mono.using(
                        () -> upstream.memory().share(),
                        memory -> ask(api, exchange, memory).flatMap(ask -> proxy.serve(exchange, ask)),
                        MemoryBudget.Share::close)
                .onErrorResume(e -> ErrorAnswer.answer(exchange, e));
    }

    private Mono<ProxyRequest> ask(ProxiedApi api, Exchange exchange, MemoryBudget.Share memory) {
        return Mono.defer(() -> {
            Principal who = caller(exchange);
            exchange.requireContentType("application/json");
            return exchange.body(
                            upstream.settings().maxBody().intBytes(), bytes -> memory.take(ProxyRequest.HELD * bytes))
                    .flatMap(LargeBodies::handled)
                    .map(body -> ProxyRequest.of(
                            api,
                            who,
                            exchange,
                            body,
                            upstream.authorization(exchange.header(HttpHeaderNames.AUTHORIZATION)),
                            memory));
        });
    }

    private Principal caller(Exchange exchange) {
        if (checkOrigin && !OriginCheck.allowed(exchange.request())) {
            throw ParleyException.of(
                    ErrorCode.FORBIDDEN,
                    "pages of this origin may not ask while auth.mode is none: serve them from this machine, or set auth.mode to jwt");
        }
        Principal who = authenticator.authenticate(exchange.bearer());
        who.require(Role.AGENT);
        return who;
    }
}
