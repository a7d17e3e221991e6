package dev.parley.ingest;

import dev.parley.event.Position;
import dev.parley.redis.Redis;
import dev.parley.store.EventStore;
import dev.parley.support.LimitedLog;
import dev.parley.support.RetryPolicy;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * Reads one durable stream for the consumer group {@code gateway} and appends its entries to the conversations' logs. Of the nodes that read a
 * stream one holds its lease and does so; the others stand by.
 *
 * <p>The group's last-delivered id is moved when entries are in the log. Whatever fails is retried with back-off and read again from there, in
 * order. The log rejects entries that it has.
 *
 * <p>{@link LeasedReader} reads, {@link EntryAppender} appends; this class connects, retries and reports.
 */
final class StreamSource implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamSource.class);

    private final DurableStream stream;
    private final EntryAppender appender;
    private final LeasedReader reader;
    private final LimitedLog limited = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final Disposable.Swap running = Disposables.swap();
    private volatile @Nullable String trouble;

    /**
     * @param quota of the node, shared by its streams
     * @param stored receives the conversation and position of each appended event, on the store's thread; must not block
     * @param nanoTime a clock like {@link System#nanoTime}
     */
    StreamSource(
            DurableStream stream,
            EventStore store,
            IngestSettings settings,
            StreamQuota quota,
            BiConsumer<String, Position> stored,
            LongSupplier nanoTime) {
        this.stream = stream;
        this.appender = new EntryAppender(stream, store, settings, stored);
        this.reader = new LeasedReader(stream, store.losses(), quota, settings, appender, nanoTime);
    }

    /** Reads until {@link #close} or {@link #dispose}. */
    void open() {
        running.update(stream.connect(reader::read)
                .doOnNext(step -> trouble = null)
                .doOnError(this::failed)
                .retryWhen(RetryPolicy.FOREVER.asReactorRetry())
                .subscribe());
    }

    private void failed(Throwable e) {
        limited.warn("A durable stream can't be read now", stream.name(), Redis.rootMessage(e));
        if (Redis.isDenied(e)) {
            trouble = stream.name() + " can't be read: " + Redis.rootMessage(e)
                    + " (the user needs the rights that OPERATIONS.md lists, and the keys " + stream.keyPattern() + ")";
        }
    }

    /** Why Redis denies this node to read or stand by, until a step succeeds; null when it does not. */
    @Nullable
    String trouble() {
        return trouble;
    }

    /** Whether this node holds the lease, as far as it knows; never after {@link #dispose}. */
    boolean reading() {
        return reader.isLeading() && !running.isDisposed();
    }

    /** Entries appended, or found to be in the log already. */
    long appended() {
        return appender.appended();
    }

    /** Entries that neither the log nor the dead letters accept. */
    long passedOver() {
        return appender.passedOver();
    }

    /** Entries that were trimmed or deleted before they were read. */
    long lostEntries() {
        return reader.lostEntries();
    }

    /** Entries added to the dead letters. */
    long dead() {
        return appender.dead();
    }

    /** The stream's key. */
    String name() {
        return stream.name();
    }

    @Override
    public void dispose() {
        running.dispose();
    }

    /** Ends reading and releases the lease, if Redis can be reached. Completes in any case. */
    Mono<Void> close() {
        return Mono.fromRunnable(running::dispose).then(stream.leave()).onErrorComplete();
    }
}
