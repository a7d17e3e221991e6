package dev.parley.api;

import dev.parley.auth.Principal;
import dev.parley.http.Exchange;
import dev.parley.ratelimit.EndpointLimiter;
import reactor.core.publisher.Mono;

/** A rate limit in front of a route. */
record LimitedEndpoint(EndpointLimiter turnstile, RequestAuthenticator callers) {

    /**
     * Runs an action if the limit allows it. Without a limit, returns the action itself.
     *
     * @param cost of the request
     * @param done cold
     */
    <T> Mono<T> before(Exchange exchange, Principal who, String conversation, int cost, Mono<T> done) {
        if (turnstile.isOpen()) {
            return done;
        }
        return turnstile
                .pass(who, conversation, callers.addresses().of(exchange.request()), cost)
                .doOnNext(taken -> exchange.answerWith(taken.headers()))
                .then(done);
    }
}
