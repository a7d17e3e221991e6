package dev.parley.openai;

import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Large bodies, with images and documents in them: reading or hashing one would delay everything else on an event loop. */
final class LargeBodies {

    private static final int BYTES = 256 << 10;

    private LargeBodies() {}

    /** A body, on a thread that may process it: for a large one on Reactor's bounded elastic scheduler. */
    static Mono<byte[]> handled(byte[] body) {
        Mono<byte[]> here = Mono.just(body);
        return body.length > BYTES ? here.publishOn(Schedulers.boundedElastic()) : here;
    }
}
