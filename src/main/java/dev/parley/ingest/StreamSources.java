package dev.parley.ingest;

import dev.parley.event.Position;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.store.EventStore;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The durable streams that are configured for this node. Of each stream one node is the reader, and the nodes share the streams by
 * {@link StreamQuota}. Thread-safe.
 */
public final class StreamSources implements Disposable {

    private static final int CLOSE_CONCURRENCY = 64;

    private final List<StreamSource> all;

    /**
     * @param node this node's name
     * @param streams their keys, prefix included
     * @param stored receives the conversation and position of each appended event, on Redis' event loop; must not block
     */
    public StreamSources(
            Redis redis,
            Keys keys,
            EventStore store,
            String node,
            List<String> streams,
            IngestSettings settings,
            BiConsumer<String, Position> stored) {
        this(
                streams.stream()
                        .distinct()
                        .<DurableStream>map(
                                stream -> new RedisDurableStream(redis, keys, node, stream, settings.lease()))
                        .toList(),
                store,
                settings,
                stored,
                System::nanoTime);
    }

    /** @param streams each once */
    StreamSources(
            List<DurableStream> streams,
            EventStore store,
            IngestSettings settings,
            BiConsumer<String, Position> stored,
            LongSupplier nanoTime) {
        StreamQuota quota =
                new StreamQuota(streams.stream().map(DurableStream::name).toList());
        all = streams.stream()
                .map(stream -> new StreamSource(stream, store, settings, quota, stored, nanoTime))
                .toList();
    }

    /** Reads until {@link #close} or {@link #dispose}. */
    public void open() {
        all.forEach(StreamSource::open);
    }

    /** Ends reading and releases the leases, where Redis can be reached. Completes in any case. */
    public Mono<Void> close() {
        return Flux.fromIterable(all)
                .flatMap(StreamSource::close, CLOSE_CONCURRENCY)
                .then();
    }

    /** Ends reading; other nodes take over when the leases expire. */
    @Override
    public void dispose() {
        all.forEach(StreamSource::dispose);
    }

    /** Whether no stream is configured. */
    public boolean isEmpty() {
        return all.isEmpty();
    }

    /**
     * The first stream that Redis denies this node to read or stand by for, and why; null when there is none. Errors that pass by themselves
     * are not reported here.
     */
    public @Nullable String trouble() {
        return all.stream()
                .map(StreamSource::trouble)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Number of streams that this node reads now. */
    public long reading() {
        return all.stream().filter(StreamSource::reading).count();
    }

    /** Entries appended, or found to be in the log already. */
    public long appended() {
        return all.stream().mapToLong(StreamSource::appended).sum();
    }

    /** Entries that neither the log nor the dead letters accept. */
    public long passedOver() {
        return all.stream().mapToLong(StreamSource::passedOver).sum();
    }

    /** The streams' keys. */
    public List<String> names() {
        return all.stream().map(StreamSource::name).toList();
    }

    /** Entries of a stream that were trimmed or deleted before they were read, as far as this node has found out. */
    public long lost(String stream) {
        return all.stream()
                .filter(one -> one.name().equals(stream))
                .mapToLong(StreamSource::lostEntries)
                .sum();
    }

    /** Entries added to the dead letters. */
    public long dead() {
        return all.stream().mapToLong(StreamSource::dead).sum();
    }
}
