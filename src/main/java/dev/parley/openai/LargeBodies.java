package dev.parley.openai;

import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Bodies with pictures and documents in them: to read or to hash one takes a moment, in which an event loop would serve nobody else. */
final class LargeBodies {

    private static final int BYTES = 256 << 10;

    private LargeBodies() {}

    /** A body, on a thread on which it may be handled: a large one is handed over to Reactor's bounded elastic scheduler. */
    static Mono<byte[]> handled(byte[] body) {
        Mono<byte[]> here = Mono.just(body);
        return body.length > BYTES ? here.publishOn(Schedulers.boundedElastic()) : here;
    }
}
