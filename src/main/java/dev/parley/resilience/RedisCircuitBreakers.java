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
 * One {@link RedisCircuitBreaker} per master, so that an unavailable master affects only the keys that it serves: one breaker without a
 * cluster, and on a cluster one per present master. A call to a server that is not a master, or not yet, is rejected. Thread-safe; never
 * blocks.
 */
public final class RedisCircuitBreakers implements CallInterceptor {

    /**
     * The breaker of a master has closed or opened.
     *
     * @param closed whether calls pass
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
     * @param masters each master and whether it is available: the present state, then each change. One that is absent has been replaced
     * @param ping completes when a master has answered; subscribed to once per try; bypasses its breaker
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

    /** A breaker that was never closed reports no change when it is open. */
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

    /** Ticks for a master that has replaced another, too. */
    @Override
    public Flux<?> back() {
        return changes().skipUntil(change -> !change.closed()).filter(Change::closed);
    }

    /** Each change of a breaker, from its first closing on, on a thread of Reactor's parallel scheduler. Hot, never ends. */
    public Flux<Change> changes() {
        return changes.asFlux();
    }
}
