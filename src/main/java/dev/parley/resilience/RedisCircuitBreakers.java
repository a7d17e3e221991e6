package dev.parley.resilience;

import dev.parley.redis.CallInterceptor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A {@link RedisCircuitBreaker} for each master, so that one that is away costs nobody but the keys that it serves: one gate without a cluster, and
 * on a cluster as many as there are masters now. A call to what is no master, or not yet, is refused. Thread-safe; nothing blocks.
 */
public final class RedisCircuitBreakers implements CallInterceptor {

    /**
     * Calls to a master pass from now on, or don't any more.
     *
     * @param closed they pass
     */
    public record Change(String master, boolean closed) {}

    private record Guarded(RedisCircuitBreaker gate, Disposable watch) {}

    private final Map<String, Guarded> gates = new ConcurrentHashMap<>();
    private final Sinks.Many<Change> changes = Sinks.many().multicast().directBestEffort();

    @Override
    public <T> Publisher<T> around(String master, Publisher<T> call) {
        Guarded guarded = gates.get(master);
        return guarded == null ? Mono.error(RedisCircuitBreaker.refused()) : guarded.gate.around(call);
    }

    /**
     * Begins to watch.
     *
     * @param masters each master and whether it is there and answers: the present state, then each change. One that is not named any
     *     more has been replaced
     * @param ping completes when a master has answered; subscribed to once for each try, past its gate
     * @return ends watching and probing
     */
    public Disposable open(Flux<Map<String, Boolean>> masters, Function<String, Mono<Void>> ping) {
        return Disposables.composite(masters.subscribe(now -> heard(now, ping)), this::close);
    }

    private void heard(Map<String, Boolean> masters, Function<String, Mono<Void>> ping) {
        gates.keySet().stream().filter(master -> !masters.containsKey(master)).forEach(this::drop);
        masters.forEach((master, stands) ->
                gates.computeIfAbsent(master, name -> guarded(name, ping)).gate.stands(stands));
    }

    /** That it is open is no news before it was closed for the first time. */
    private Guarded guarded(String master, Function<String, Mono<Void>> ping) {
        RedisCircuitBreaker gate = new RedisCircuitBreaker(master, Mono.defer(() -> ping.apply(master)));
        return new Guarded(
                gate, gate.closed().skipUntil(closed -> closed).subscribe(closed -> tell(new Change(master, closed))));
    }

    private void tell(Change change) {
        synchronized (changes) {
            changes.emitNext(change, Sinks.EmitFailureHandler.FAIL_FAST);
        }
    }

    private void drop(String master) {
        Guarded gone = gates.remove(master);
        if (gone != null) {
            gone.watch.dispose();
            gone.gate.dispose();
        }
    }

    private void close() {
        gates.keySet().forEach(this::drop);
    }

    /** Whether calls to all masters pass. */
    public boolean allClosed() {
        return !gates.isEmpty() && gates.values().stream().allMatch(each -> each.gate.isClosed());
    }

    /** Whether calls to any master pass. */
    public boolean anyClosed() {
        return gates.values().stream().anyMatch(each -> each.gate.isClosed());
    }

    /** One that has replaced another is back, too. */
    @Override
    public Flux<?> back() {
        return changes().skipUntil(change -> !change.closed()).filter(Change::closed);
    }

    /** Each change of a gate, from its first closing on, on a thread of Reactor's parallel scheduler. Hot, never ends. */
    public Flux<Change> changes() {
        return changes.asFlux();
    }
}
