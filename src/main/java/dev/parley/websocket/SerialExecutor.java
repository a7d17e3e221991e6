package dev.parley.websocket;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Begins each task when the one before it has ended, however it ended. A person's message takes more than one round trip, and a second
 * message must not overtake the first one. Not thread-safe: for a socket's event loop.
 */
final class SerialExecutor {

    private Mono<Void> before = Mono.empty();

    <T> Mono<T> run(Mono<T> next) {
        Mono<Void> turn = before;
        Sinks.Empty<Void> ended = Sinks.empty();
        before = ended.asMono();
        return turn.then(next).doFinally(how -> {
            Sinks.EmitResult result = ended.tryEmitEmpty();
            assert result.isSuccess() : result;
        });
    }
}
