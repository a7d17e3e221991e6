package dev.parley.node;

import dev.parley.archive.Archiver;
import dev.parley.audit.Audit;
import dev.parley.hub.Hub;
import dev.parley.ingest.PubSubSource;
import dev.parley.ingest.StreamSources;
import dev.parley.llmcache.LlmCache;
import dev.parley.metrics.Metric;
import dev.parley.openai.Upstream;
import dev.parley.postgres.Postgres;
import dev.parley.publish.Publisher;
import dev.parley.ratelimit.Limits;
import dev.parley.redis.PubSub;
import dev.parley.resilience.RedisCircuitBreakers;
import dev.parley.session.SessionArchive;
import dev.parley.sse.FollowEndpoint;
import dev.parley.websocket.WebSocketEndpoint;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** The metrics of the node, read when they are scraped. */
record NodeMetrics(
        RedisAssembly redis,
        RecordAssembly record,
        CacheAssembly caches,
        StoreAssembly store,
        Audit audit,
        WebSocketEndpoint sockets,
        FollowEndpoint followers,
        Limits limits) {

    /** Every meter of the node. */
    PrometheusMeterRegistry registry() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Hub hub = store.hub();
        Publisher publisher = store.publisher();
        PubSubSource pubSubSource = store.pubSubSource();
        StreamSources streams = store.streams();
        LlmCache cache = caches.cache();
        Upstream upstream = caches.upstream();
        Archiver archiver = record.sessionArchiver();
        SessionArchive sessionArchive = record.sessionArchive();
        Postgres postgres = record.postgres();
        PubSub live = redis.live();
        PubSub channels = redis.channels();
        RedisCircuitBreakers breakers = redis.breakers();
        Metric.SOCKETS.register(registry, sockets, WebSocketEndpoint::size);
        Metric.HTTP_FOLLOWERS.register(registry, followers, FollowEndpoint::size);
        Metric.CONVERSATIONS.register(registry, hub, Hub::size);
        if (archiver != null) {
            Metric.ARCHIVE_WAITING.register(registry, archiver, Archiver::waiting);
            Metric.ARCHIVE_LAG.register(registry, archiver, one -> one.lag().toMillis() / 1e3);
        }
        if (sessionArchive != null) {
            Metric.ARCHIVED.register(registry, sessionArchive, SessionArchive::copied);
        }
        Metric.POSTGRES_UP.register(registry, this, node -> postgres != null && postgres.isUp() ? 1 : 0);
        Metric.REDIS_UP.register(registry, breakers, all -> all.allClosed() ? 1 : 0);
        Metric.AUDIT_WAITING.register(registry, audit, Audit::waiting);
        Metric.AUDIT_DROPPED.register(registry, audit, Audit::dropped);
        Metric.AUDIT_ARCHIVED.register(registry, audit, Audit::archived);
        Metric.AUDIT_UNARCHIVED.register(registry, audit, Audit::unarchived);
        Metric.QUEUED.register(registry, publisher, Publisher::queued);
        Metric.QUEUED_BYTES.register(registry, publisher, Publisher::waitingBytes);
        Metric.QUEUED_AGE.register(registry, publisher, one -> one.oldest().toMillis() / 1e3);
        Metric.OVERLOADED.register(registry, publisher, Publisher::overloaded);
        Metric.REPLAYED.register(registry, publisher, Publisher::replayed);
        Metric.REFUSED.register(registry, publisher, Publisher::refused);
        Metric.REPAIRS.register(registry, hub, Hub::repairCount);
        Metric.EPHEMERAL.register(registry, pubSubSource, PubSubSource::passedOn);
        Metric.ELSEWHERE.register(registry, pubSubSource, PubSubSource::elsewhere);
        Metric.MALFORMED.register(registry, pubSubSource, PubSubSource::malformed);
        Metric.STREAMS.register(registry, streams, StreamSources::reading);
        Metric.STREAMED.register(registry, streams, StreamSources::appended);
        Metric.DEAD.register(registry, streams, StreamSources::dead);
        Metric.PASSED_OVER.register(registry, streams, StreamSources::passedOver);
        for (String stream : streams.names()) {
            Metric.LOST.register(registry, streams, one -> one.lost(stream), "stream", stream);
        }
        Metric.TAKEN.register(registry, limits, Limits::taken);
        Metric.LIMITED.register(registry, limits, Limits::refused);
        Metric.LIMITED_ALONE.register(registry, limits, Limits::alone);
        Metric.CACHE_HITS.register(registry, cache, LlmCache::hits);
        Metric.CACHE_MISSES.register(registry, cache, LlmCache::misses);
        Metric.CACHE_STORED.register(registry, cache, LlmCache::stored);
        Metric.CACHE_REFUSED.register(registry, cache, LlmCache::refused);
        Metric.CACHE_DROPPED.register(registry, cache, LlmCache::dropped);
        Metric.CACHE_WAITING.register(registry, cache, LlmCache::waiting);
        caches.semantic().measure(registry);
        if (upstream != null) {
            for (int hundreds = 2; hundreds <= 5; hundreds++) {
                int status = hundreds;
                Metric.UPSTREAM_CALLS.register(registry, upstream, one -> one.answers(status), "status", status + "xx");
            }
            Metric.UPSTREAM_CALLS.register(registry, upstream, Upstream::unanswered, "status", "none");
            Metric.UPSTREAM_SECONDS.register(registry, upstream, one -> one.millis() / 1e3);
            Metric.UPSTREAM_REFUSING.register(registry, upstream, Upstream::refusing);
            Metric.UPSTREAM_MEMORY.register(registry, upstream, Upstream::held);
            Metric.UPSTREAM_CROWDED.register(registry, upstream, Upstream::crowded);
        }
        Metric.RESUBSCRIBED.register(registry, live, PubSub::acknowledgements);
        Metric.PUBSUB_REFUSED.register(registry, this, node -> live.refused() + channels.refused());
        Metric.PUBSUB_LOST.register(registry, this, node -> live.lost() + channels.lost());
        Metric.REPLACED.register(registry, this, node -> live.replacements() + channels.replacements());
        return registry;
    }
}
