package dev.parley.audit;

import dev.parley.error.ParleyException;
import dev.parley.support.LatestSubscription;
import dev.parley.support.RetryPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The gateway's own audit entries until Redis has them: bounded, in each trail's order, some trails at a time. An entry that can't be
 * written now is tried again later, and is added once. Thread-safe.
 */
final class AuditBuffer implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(AuditBuffer.class);

    static final int MAX_WAITING = 10_000;
    private static final int AT_ONCE = 128;
    private static final RetryPolicy AGAIN = new RetryPolicy(Duration.ofMillis(200), Duration.ofMillis(200), 1);
    private static final Duration LOOK = Duration.ofMillis(20);

    private final Function<UnsealedEntry, Mono<Void>> write;
    private final Map<Trail, Deque<UnsealedEntry>> waiting = new LinkedHashMap<>();
    private final LatestSubscription writing = new LatestSubscription();
    private boolean busy;
    private int size;
    private long dropped;

    /** @param write cold; adding the same entry twice adds it once */
    AuditBuffer(Function<UnsealedEntry, Mono<Void>> write) {
        this.write = write;
    }

    void add(UnsealedEntry draft) {
        synchronized (waiting) {
            if (size >= MAX_WAITING || writing.isDisposed()) {
                if (dropped++ == 0) {
                    LOG.warn("Audit entries of the gateway's own are dropped: too many wait for Redis");
                }
                return;
            }
            size++;
            waiting.computeIfAbsent(draft.trail(), first -> new ArrayDeque<>()).add(draft);
            if (busy) {
                return;
            }
            busy = true;
        }
        next();
    }

    /** Writes until nothing waits. For the thread that has set {@link #busy}. */
    private void next() {
        Map<Trail, Deque<UnsealedEntry>> taken = take();
        if (!taken.isEmpty()) {
            writing.begin(() -> Flux.fromIterable(taken.values())
                    .flatMap(this::write, AT_ONCE)
                    .reduce(true, Boolean::logicalAnd)
                    .delayUntil(all -> all ? Mono.empty() : Mono.delay(AGAIN.delay(0)))
                    .subscribe(all -> leave(taken), e -> LOG.error("Audit entries are lost", e), this::next));
        }
    }

    /** Some trails, each with its first waiting entries. */
    private Map<Trail, Deque<UnsealedEntry>> take() {
        Map<Trail, Deque<UnsealedEntry>> taken = new LinkedHashMap<>();
        synchronized (waiting) {
            Iterator<Map.Entry<Trail, Deque<UnsealedEntry>>> trails =
                    waiting.entrySet().iterator();
            while (taken.size() < AT_ONCE && trails.hasNext()) {
                Map.Entry<Trail, Deque<UnsealedEntry>> trail = trails.next();
                trails.remove();
                taken.put(trail.getKey(), trail.getValue());
            }
            busy = !taken.isEmpty();
        }
        return taken;
    }

    /** Returns unwritten entries before those added since, and their trail behind the others, which do not wait for it. */
    private void leave(Map<Trail, Deque<UnsealedEntry>> taken) {
        synchronized (waiting) {
            taken.forEach((trail, left) -> {
                if (!left.isEmpty()) {
                    Deque<UnsealedEntry> since = waiting.remove(trail);
                    if (since != null) {
                        left.addAll(since);
                    }
                    waiting.put(trail, left);
                }
            });
        }
    }

    /** Writes entries of one trail in order, until one must be tried again: then it emits false. */
    private Mono<Boolean> write(Deque<UnsealedEntry> trail) {
        return Flux.fromIterable(List.copyOf(trail))
                .take(AT_ONCE)
                .concatMap(this::write, 1)
                .takeWhile(written -> written)
                .doOnNext(written -> {
                    synchronized (waiting) {
                        size--;
                    }
                    trail.remove();
                })
                .count()
                .map(written -> trail.isEmpty() || written == AT_ONCE);
    }

    /** Emits false if the entry must be tried again. */
    private Mono<Boolean> write(UnsealedEntry draft) {
        return Mono.defer(() -> write.apply(draft)).thenReturn(true).onErrorResume(e -> {
            if (isTemporary(e)) {
                return Mono.just(false);
            }
            LOG.warn("An audit entry is lost: {} in {}: {}", draft.action(), draft.conversation(), e.getMessage());
            synchronized (waiting) {
                dropped++;
            }
            return Mono.just(true);
        });
    }

    private static boolean isTemporary(Throwable e) {
        return e instanceof ParleyException refusal && refusal.code().temporary();
    }

    int size() {
        synchronized (waiting) {
            return size;
        }
    }

    long dropped() {
        synchronized (waiting) {
            return dropped;
        }
    }

    Mono<Void> idle() {
        return Flux.interval(Duration.ZERO, LOOK)
                .onBackpressureDrop()
                .filter(look -> size() == 0)
                .next()
                .then();
    }

    @Override
    public void dispose() {
        writing.dispose();
    }
}
