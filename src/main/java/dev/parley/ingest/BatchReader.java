package dev.parley.ingest;

import dev.parley.store.StreamLosses;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Reads batches of a stream whose lease this node holds, proves that no entry is missing between them, and commits what was appended. A loss
 * is counted and stored before anything after it is emitted.
 *
 * <p>Used by one step at a time. {@link #lostEntries} may be called on any thread.
 */
final class BatchReader {

    private static final Logger LOG = LoggerFactory.getLogger(BatchReader.class);

    private final DurableStream stream;
    private final StreamLosses losses;
    private final StreamQuota quota;
    private final Runnable onLost;
    private final LongSupplier nanoTime;
    private final Duration heartbeat;
    private final ReadLimit limit;
    private final LongAdder lostEntries = new LongAdder();
    private long lastHeartbeat;

    /**
     * @param onLost called when Redis says that this node holds the lease no longer
     * @param nanoTime a clock like {@link System#nanoTime}
     */
    BatchReader(
            DurableStream stream,
            StreamLosses losses,
            StreamQuota quota,
            IngestSettings settings,
            Runnable onLost,
            LongSupplier nanoTime) {
        this.stream = stream;
        this.losses = losses;
        this.quota = quota;
        this.onLost = onLost;
        this.nanoTime = nanoTime;
        this.heartbeat = settings.beat();
        this.limit = new ReadLimit(settings.batch());
    }

    /** Entries that were removed from the stream before they were read. */
    long lostEntries() {
        return lostEntries.sum();
    }

    /**
     * Renews the lease and reports progress.
     *
     * @param appended where to move the group; null when nothing was appended since the last commit
     * @return whether this node still holds the lease
     */
    Mono<Boolean> commit(StreamCursor cursor, @Nullable StreamOffset appended) {
        return Mono.defer(() -> {
            if (appended != null) {
                cursor.appendedUpTo(appended);
            }
            return commit(cursor, appended != null, isHeartbeatDue());
        });
    }

    private Mono<Boolean> commit(StreamCursor cursor, boolean moveGroup, boolean register) {
        return stream.commit(cursor.progress(), moveGroup, register, cursor.generation())
                .map(result -> {
                    quota.update(stream.name(), result.readers());
                    if (result instanceof CommitResult.Kept kept) {
                        cursor.counted(kept.added());
                        return true;
                    }
                    onLost.run();
                    return false;
                });
    }

    private boolean isHeartbeatDue() {
        long now = nanoTime.getAsLong();
        boolean due = now - lastHeartbeat >= heartbeat.toNanos();
        if (due) {
            lastHeartbeat = now;
        }
        return due;
    }

    /** Reads the entries after the cursor, and moves the cursor behind them. */
    Mono<EntryBatch> next(StreamCursor cursor) {
        return Mono.defer(() -> stream.read(cursor.id(), limit.entries() + 1))
                .flatMap(found -> prove(cursor, found))
                .map(entries -> {
                    limit.observe(entries);
                    return new EntryBatch(entries, cursor.advance(entries), null);
                });
    }

    /** Emits the entries after the cursor; none when this node has lost its lease. */
    private Mono<List<StreamEntry>> prove(StreamCursor cursor, List<StreamEntry> found) {
        if (cursor.continues(found)) {
            return Mono.just(found.subList(1, found.size()));
        }
        return stream.checkTrimmed(cursor.id())
                .flatMap(check -> {
                    long missing = cursor.missing(found, check);
                    return missing == 0 ? Mono.just(found) : reportTrimmed(cursor, found, missing);
                })
                .switchIfEmpty(Mono.fromSupplier(() -> {
                    onLost.run();
                    return List.of();
                }));
    }

    private Mono<List<StreamEntry>> reportTrimmed(StreamCursor cursor, List<StreamEntry> found, long missing) {
        String next = found.isEmpty() ? "the next entry" : found.get(0).id();
        return reportLost(cursor, missing, missing)
                .doOnNext(leads -> LOG.error(
                        "Durable stream {} was trimmed before it was read: {} events between {} and {} are lost. Clients receive a gap and a snapshot."
                                + " Set MAXLEN to the highest event rate times the longest time without a reader",
                        stream.name(),
                        missing,
                        cursor.id(),
                        next))
                .thenReturn(found);
    }

    /** Reports that the stream was deleted and recreated. Emits whether this node still holds the lease. */
    Mono<Boolean> reportRecreated(StreamCursor cursor) {
        return reportLost(cursor, 1, 0)
                .doOnNext(leads -> LOG.error(
                        "Durable stream {} was deleted and recreated: its unread events are lost, and their number is unknown. Clients receive a gap"
                                + " and a snapshot. Trim a stream instead of deleting it",
                        stream.name()));
    }

    /**
     * Stores a loss before anything after it is appended, and then the progress, so that no reader reports the loss again.
     *
     * @param inStream lost entries that the present stream's counts include
     * @return whether this node still holds the lease
     */
    private Mono<Boolean> reportLost(StreamCursor cursor, long count, long inStream) {
        return losses.add(stream.name(), count).then(Mono.defer(() -> {
            lostEntries.add(count);
            cursor.reportedLost(inStream);
            return commit(cursor, true, true);
        }));
    }
}
