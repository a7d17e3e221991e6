package dev.parley.ingest;

import dev.parley.event.Position;
import dev.parley.log.ConversationLog;
import dev.parley.redis.Redis;
import java.util.List;
import java.util.function.BiConsumer;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The durable streams that this node reads or would read: its share of them, see {@link Share}. */
public final class StreamSources implements Disposable {

    private static final int CLOSED_AT_ONCE = 64;

    private final List<StreamSource> all;

    /**
     * @param node this node's name
     * @param streams their keys, prefix included
     * @param stored told each conversation and position that an entry was appended at, on Redis' event loop; must not block
     */
    public StreamSources(
            Redis redis,
            ConversationLog log,
            String node,
            List<String> streams,
            StreamSettings settings,
            BiConsumer<String, Position> stored) {
        Share share = new Share(streams);
        all = streams.stream()
                .distinct()
                .map(stream -> new StreamSource(redis, log, node, stream, settings, share, stored))
                .toList();
    }

    /** Reads until {@link #close} or {@link #dispose}. */
    public void open() {
        all.forEach(StreamSource::open);
    }

    /** Ends reading and lets other nodes in at once, if Redis can be told. */
    public Mono<Void> close() {
        return Flux.fromIterable(all)
                .flatMap(StreamSource::close, CLOSED_AT_ONCE)
                .then();
    }

    @Override
    public void dispose() {
        all.forEach(StreamSource::dispose);
    }

    /** Streams read by this node now. */
    public long reading() {
        return all.stream().filter(StreamSource::reading).count();
    }

    /** Entries appended, or found to be in the log already. */
    public long appended() {
        return all.stream().mapToLong(StreamSource::appended).sum();
    }

    /** Entries that neither the log nor the dead letters took. */
    public long passedOver() {
        return all.stream().mapToLong(StreamSource::passedOver).sum();
    }

    /** Entries that went to the dead letters. */
    public long dead() {
        return all.stream().mapToLong(StreamSource::dead).sum();
    }
}
