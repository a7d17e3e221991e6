package dev.parley.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** All meters. Each reads its source when it is scraped, so counting costs one addition. */
public enum Metric {
    SOCKETS("parley.sockets", "WebSockets open now", false),
    HTTP_FOLLOWERS("parley.http.followers", "Streams of server-sent events and long polls open now", false),
    CONVERSATIONS("parley.conversations", "Conversations hosted on this node now", false),
    REDIS_UP(
            "parley.redis.up", "1 while calls to Redis pass; 0 while it, or one of its masters, is unavailable", false),
    POSTGRES_UP(
            "parley.postgres.up",
            "1 while calls to PostgreSQL pass, including writes; 0 while they do not, or without PostgreSQL",
            false),
    ARCHIVE_WAITING("parley.archive.waiting", "Sessions that wait to be archived, on all nodes", false),
    ARCHIVE_LAG("parley.archive.lag.seconds", "Age of the oldest session that waits to be archived", false),
    ARCHIVED("parley.archive.messages", "Messages that this node has copied to PostgreSQL", true),
    REPAIRS("parley.hub.repairs", "Reads of a log because a live message was missing", true),
    EPHEMERAL("parley.ingest.ephemeral", "Ephemeral events delivered to sockets on this node", true),
    ELSEWHERE("parley.ingest.elsewhere", "Ephemeral events of conversations not hosted here, dropped", true),
    MALFORMED("parley.ingest.malformed", "Malformed ephemeral events, dropped", true),
    STREAMS("parley.ingest.streams", "Durable streams that this node reads now", false),
    STREAMED("parley.ingest.streamed", "Entries of durable streams that are in a log", true),
    DEAD("parley.ingest.dead", "Entries of durable streams moved to the dead letters", true),
    PASSED_OVER("parley.ingest.passed.over", "Entries that neither a log nor the dead letters took", true),
    LOST("parley.ingest.lost", "Entries of a durable stream that were trimmed or deleted before they were read", true),
    AUDIT_WAITING("parley.audit.waiting", "Audit entries of the gateway's own that wait for Redis", false),
    AUDIT_DROPPED("parley.audit.dropped", "Audit entries of the gateway's own that are lost", true),
    AUDIT_ARCHIVED("parley.audit.archived", "Audit entries that this node has copied to PostgreSQL", true),
    AUDIT_UNARCHIVED("parley.audit.unarchived", "Audit trails that wait to be copied to PostgreSQL", false),
    QUEUED("parley.outage.queued", "Events that wait to be appended", false),
    QUEUED_BYTES("parley.outage.queued.bytes", "Bytes queued, counted against parley.outage.queue", false),
    QUEUED_AGE("parley.outage.queued.age.seconds", "Age of the oldest queued event", false),
    OVERLOADED("parley.outage.overloaded", "Events rejected because too much was queued, or for too long", true),
    REPLAYED("parley.outage.replayed", "Queued events that are in their logs now", true),
    REFUSED("parley.outage.refused", "Queued events that their logs rejected", true),
    TAKEN("parley.limits.taken", "Requests that a limit allowed", true),
    LIMITED("parley.limits.refused", "Requests that a limit rejected", true),
    LIMITED_ALONE(
            "parley.limits.alone", "Rate-limit decisions made locally because Redis was unavailable or slow", true),
    CACHE_HITS("parley.cache.hits", "Look-ups answered from the LLM cache", true),
    CACHE_MISSES("parley.cache.misses", "Look-ups not answered from the LLM cache", true),
    CACHE_STORED("parley.cache.stored", "Responses stored in the LLM cache", true),
    CACHE_REFUSED("parley.cache.refused", "Responses that may not be stored in the LLM cache", true),
    CACHE_DROPPED("parley.cache.dropped", "Responses not stored because Redis was unavailable", true),
    CACHE_SEMANTIC("parley.cache.semantic", "Searches for the same question in other words, by their outcome", true),
    CACHE_EMBEDDER_FAILURES(
            "parley.cache.embedder.failures", "Requests that the embedder's service did not answer properly", true),
    CACHE_WAITING("parley.cache.waiting", "Callers that wait now for another caller's computation", false),
    UPSTREAM_CALLS("parley.upstream.calls", "Calls of the upstream, by the status of the response", true),
    UPSTREAM_SECONDS("parley.upstream.seconds", "Time from upstream calls to the heads of their responses", true),
    UPSTREAM_REFUSING("parley.upstream.refusing", "Models whose calls a breaker rejects now", false),
    UPSTREAM_MEMORY(
            "parley.upstream.memory.bytes",
            "Bytes of parley.upstream.memory used by requests and complete responses",
            false),
    UPSTREAM_CROWDED(
            "parley.upstream.crowded",
            "Requests and responses rejected because parley.upstream.memory was used up",
            true),
    RESUBSCRIBED("parley.pubsub.acknowledged", "Subscriptions acknowledged by Redis, again after each reconnect", true),
    PUBSUB_REFUSED("parley.pubsub.refused", "Pub/Sub connections and subscriptions that Redis rejected", true),
    PUBSUB_LOST("parley.pubsub.lost", "Pub/Sub connections cut by Redis or by the network", true),
    REPLACED("parley.pubsub.replaced", "Pub/Sub connections replaced because no message arrived on them", true);

    private final String meter;
    private final String description;
    private final boolean counts;

    Metric(String meter, String description, boolean counts) {
        this.meter = meter;
        this.description = description;
        this.counts = counts;
    }

    /**
     * Registers the meter. It is read at each scrape, on the scraping thread.
     *
     * @param source read at each scrape; the registry refers to it weakly, so the caller must keep it
     * @param tags names and values in turn
     */
    public <T> void register(MeterRegistry registry, T source, ToDoubleFunction<T> value, String... tags) {
        if (counts) {
            FunctionCounter.builder(meter, source, value)
                    .description(description)
                    .tags(tags)
                    .register(registry);
        } else {
            Gauge.builder(meter, source, value)
                    .description(description)
                    .tags(tags)
                    .register(registry);
        }
    }
}
