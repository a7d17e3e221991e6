package dev.parley.audit;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * Writes entries in one batch after the other: entries that arrive meanwhile form the next batch. A trail always uses the same writer, so
 * that writers of one node do not race for the end of its chain. Bounded; thread-safe.
 */
final class TrailWriter {

    private static final int MAX_WAITING = 4_096;
    private static final int BATCH = 128;

    private final Function<List<WaitingEntry>, Mono<Void>> write;
    private final Deque<WaitingEntry> waiting = new ArrayDeque<>();
    private boolean busy;

    /** @param write answers each of a batch, and never fails */
    TrailWriter(Function<List<WaitingEntry>, Mono<Void>> write) {
        this.write = write;
    }

    Mono<AppendResult> add(UnsealedEntry draft) {
        return Mono.defer(() -> {
            WaitingEntry one = WaitingEntry.of(draft);
            synchronized (waiting) {
                if (waiting.size() >= MAX_WAITING) {
                    return Mono.error(
                            ParleyException.of(ErrorCode.OVERLOADED, "too many audit entries wait: try again later"));
                }
                waiting.add(one);
                if (busy) {
                    return one.answer().asMono();
                }
                busy = true;
            }
            next();
            return one.answer().asMono();
        });
    }

    /** Writes until nothing waits; each batch ends by its timeouts. For the thread that has set {@link #busy}. */
    private void next() {
        List<WaitingEntry> batch = new ArrayList<>();
        synchronized (waiting) {
            while (batch.size() < BATCH && !waiting.isEmpty()) {
                batch.add(waiting.remove());
            }
            busy = !batch.isEmpty();
        }
        if (!batch.isEmpty()) {
            var unused = Mono.defer(() -> write.apply(batch)).subscribe(null, e -> fail(batch, e), this::next);
        }
    }

    private void fail(List<WaitingEntry> batch, Throwable e) {
        batch.forEach(one -> one.failed(e));
        next();
    }
}
