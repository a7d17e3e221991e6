package dev.parley.ingest;

import dev.parley.store.StreamLosses;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Reads one durable stream while this node holds its lease, and stands by otherwise; see {@link ReaderState}. It works in steps. A step of a
 * leading reader commits what the step before has appended, reads the next batch, and meanwhile has the current batch appended.
 *
 * <p>Any error ends the reading. The next subscription acquires the lease again and reads on after the last commit: entries that are in the
 * log already are rejected there as duplicates.
 *
 * <p>One subscription at a time. {@link #isLeading} and {@link #lostEntries} may be called on any thread.
 */
final class LeasedReader {

    /** A lease that expires now is free a moment later. */
    private static final Duration EXPIRY_MARGIN = Duration.ofMillis(5);

    /** Appends entries to the conversations' logs, in order. */
    @FunctionalInterface
    interface Appender {

        /**
         * @param source the name under which the logs know the stream
         * @return completes when no entry of the batch needs to be read again; else fails
         */
        Mono<Void> append(String source, List<StreamEntry> entries);
    }

    private final DurableStream stream;
    private final BatchReader batches;
    private final StreamQuota quota;
    private final IngestSettings settings;
    private final Appender appender;
    private final LongSupplier nanoTime;
    private final Duration heartbeat;
    private volatile ReaderState state = new ReaderState.Standby();

    /** @param nanoTime a clock like {@link System#nanoTime} */
    LeasedReader(
            DurableStream stream,
            StreamLosses losses,
            StreamQuota quota,
            IngestSettings settings,
            Appender appender,
            LongSupplier nanoTime) {
        this.stream = stream;
        this.batches = new BatchReader(stream, losses, quota, settings, this::loseLease, nanoTime);
        this.quota = quota;
        this.settings = settings;
        this.appender = appender;
        this.nanoTime = nanoTime;
        this.heartbeat = settings.beat();
    }

    /** Whether this node holds the lease, as far as it knows. */
    boolean isLeading() {
        return state instanceof ReaderState.Leading;
    }

    /** Entries that were removed from the stream before they were read. */
    long lostEntries() {
        return batches.lostEntries();
    }

    /** Reads until an error or until it is cancelled. Emits the result of each step. Cold. */
    Flux<EntryBatch> read(DurableStream.NewEntries newEntries) {
        return Flux.defer(() -> {
            loseLease();
            return stream.ensureGroup().then(begin()).expand(batch -> step(newEntries, batch));
        });
    }

    private void loseLease() {
        state = state.lost();
        quota.release(stream.name());
    }

    private Mono<EntryBatch> step(DurableStream.NewEntries newEntries, EntryBatch batch) {
        if (!(state instanceof ReaderState.Leading leading)) {
            return begin();
        }
        StreamCursor cursor = leading.cursor();
        if (quota.shed(stream.name())) {
            return handOver(cursor, batch);
        }
        Mono<Boolean> committed = batches.commit(cursor, batch.appended());
        if (batch.entries().isEmpty()) {
            return committed.flatMap(leads -> leads
                    ? awaitNewEntries(newEntries, cursor).then(batches.next(cursor))
                    : Mono.just(EntryBatch.NONE));
        }
        Mono<Boolean> appended = Mono.defer(() -> appender.append(cursor.sourceName(stream.name()), batch.entries()))
                .thenReturn(true);
        // Redis commits the last batch and reads the next one while this one is parsed.
        return Mono.zip(committed, batches.next(cursor), appended)
                .map(done -> done.getT2().after(batch.end()));
    }

    /** Ends in time to renew the lease. */
    private Mono<Void> awaitNewEntries(DurableStream.NewEntries newEntries, StreamCursor cursor) {
        return newEntries.await(cursor.id(), heartbeat);
    }

    /** Acquires the lease and reads the first batch, or stands by for at most a heartbeat. */
    private Mono<EntryBatch> begin() {
        return Mono.defer(() -> stream.acquire(quota.reserve(stream.name()) || isNeglected()))
                .flatMap(this::begun);
    }

    /** The nodes may have been given different streams: after a lease's time a node reads a free stream, whatever its quota. */
    private boolean isNeglected() {
        return state.isUnclaimedFor(settings.lease(), nanoTime.getAsLong());
    }

    private Mono<EntryBatch> begun(AcquireResult result) {
        quota.update(stream.name(), result.readers());
        if (result instanceof AcquireResult.Acquired acquired) {
            return lead(acquired);
        }
        quota.release(stream.name());
        if (result instanceof AcquireResult.Held held) {
            state = state.held();
            Duration left = held.left().isNegative() ? heartbeat : held.left().plus(EXPIRY_MARGIN);
            return Mono.delay(left.compareTo(heartbeat) < 0 ? left : heartbeat).thenReturn(EntryBatch.NONE);
        }
        if (quota.reserve(stream.name())) {
            return begin();
        }
        state = state.free(nanoTime.getAsLong());
        return Mono.delay(heartbeat.dividedBy(2)).thenReturn(EntryBatch.NONE);
    }

    private Mono<EntryBatch> lead(AcquireResult.Acquired acquired) {
        quota.hold(stream.name());
        ReaderState.Leading leading = state.acquired(acquired);
        state = leading;
        Mono<Boolean> reported = acquired.recreated() ? batches.reportRecreated(leading.cursor()) : Mono.just(true);
        return reported.flatMap(leads -> leads ? batches.next(leading.cursor()) : Mono.just(EntryBatch.NONE));
    }

    /** Lets another node read on. It reads again what was read here and not appended. */
    private Mono<EntryBatch> handOver(StreamCursor cursor, EntryBatch batch) {
        return batches.commit(cursor, batch.appended()).then(stream.release()).then(Mono.fromSupplier(() -> {
            loseLease();
            state = state.handedOver(nanoTime.getAsLong());
            return EntryBatch.NONE;
        }));
    }
}
