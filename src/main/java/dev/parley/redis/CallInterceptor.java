package dev.parley.redis;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Intercepts every call to Redis, as a circuit breaker does. Thread-safe; must not block. */
public interface CallInterceptor {

    /** Passes every call. */
    CallInterceptor NONE = new CallInterceptor() {
        @Override
        public <T> Publisher<T> around(String master, Publisher<T> call) {
            return call;
        }
    };

    /**
     * @param master the name of the server that the call goes to, as in {@link Probes#masters}
     * @param call cold; fails with a {@link dev.parley.error.ParleyException} {@code unavailable} when Redis could not be reached or did
     *     not answer in time, with Lettuce's exception when Redis itself rejected the command, and with {@link LateAnswerException} when a
     *     large answer did not arrive in time
     */
    <T> Publisher<T> around(String master, Publisher<T> call);

    /** Ticks when calls to any master pass again: messages of the time before may be lost. Hot, never ends. */
    default Flux<?> back() {
        return Flux.never();
    }
}
