package dev.parley.redis;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Stands around every call to Redis: a breaker, for instance. Thread-safe; must not block. */
public interface CallInterceptor {

    /** Lets everything through. */
    CallInterceptor NONE = new CallInterceptor() {
        @Override
        public <T> Publisher<T> around(String master, Publisher<T> call) {
            return call;
        }
    };

    /**
     * @param master the name of the server that the call goes to, as in {@link Probes#masters}
     * @param call cold; fails with a {@link dev.parley.error.ParleyException} {@code unavailable} when Redis could not be reached or did not
     *     answer in time, with Lettuce's exception when Redis itself refused the command, and with {@link LateAnswerException} when a large
     *     answer did not come in time
     */
    <T> Publisher<T> around(String master, Publisher<T> call);

    /** Ticks when calls to any master pass again after they did not: what was on its way may be lost. Hot, never ends. */
    default Flux<?> back() {
        return Flux.never();
    }
}
