package dev.parley.http;

import java.io.ByteArrayOutputStream;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Collects a body into one array. */
public final class BodyCollector {

    private static final int FIRST_BUFFER = 1024;

    private BodyCollector() {}

    /**
     * Collects a body's parts.
     *
     * @param most maximum bytes
     * @param tooLarge the error if there are more
     */
    public static Mono<byte[]> of(Flux<byte[]> parts, int most, Supplier<RuntimeException> tooLarge) {
        return parts.collect(() -> new ByteArrayOutputStream(FIRST_BUFFER), (all, part) -> {
                    if (part.length > most - all.size()) {
                        throw tooLarge.get();
                    }
                    all.writeBytes(part);
                })
                .map(ByteArrayOutputStream::toByteArray);
    }
}
