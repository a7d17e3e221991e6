package dev.parley.api;

import dev.parley.auth.Principal;
import dev.parley.http.Exchange;
import dev.parley.ratelimit.EndpointLimiter;
import reactor.core.publisher.Mono;

/** A turnstile in front of a route. */
record LimitedEndpoint(EndpointLimiter turnstile, RequestAuthenticator callers) {

    /**
     * What is to be done once the caller was let in. Where there is no limit it is the very same.
     *
     * @param cost how much it is
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
