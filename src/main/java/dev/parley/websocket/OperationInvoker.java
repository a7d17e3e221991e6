package dev.parley.websocket;

import dev.parley.auth.Principal;
import reactor.core.publisher.Mono;

/** The operations that a {@code call} reaches, by name. Thread-safe. */
@FunctionalInterface
public interface OperationInvoker {

    /**
     * Runs an operation when it is subscribed to.
     *
     * @param params a JSON object
     * @return the result as JSON; fails with {@link dev.parley.error.ParleyException}
     */
    Mono<byte[]> call(Principal who, String method, byte[] params);
}
