package dev.parley.redis;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Stands around every call to Redis: a breaker, for instance. Thread-safe; must not block. */
public interface Guard {

    /** Lets everything through. */
    Guard NONE = new Guard() {
        @Override
        public <T> Publisher<T> around(String master, Publisher<T> call) {
            return call;
        }
    };

    /**
     * @param master the name of the server that the call goes to, as in {@link Probes#masters}
     * @param call cold; fails with a {@link dev.parley.frame.Refusal} {@code unavailable} when Redis could not be reached or did not
     *     answer in time, and with Lettuce's exception when Redis itself refused the command
     */
    <T> Publisher<T> around(String master, Publisher<T> call);

    /** Ticks when calls to any master pass again after they did not: what was on its way may be lost. Hot, never ends. */
    default Flux<?> back() {
        return Flux.never();
    }
}
