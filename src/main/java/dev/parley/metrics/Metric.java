package dev.parley.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** What is measured. Each is read from where it is counted when it is asked for, so counting costs no more than an add. */
public enum Metric {
    SOCKETS("parley.sockets", "WebSockets open now", false),
    HTTP_FOLLOWERS("parley.http.followers", "Streams of server-sent events and long polls open now", false),
    CONVERSATIONS("parley.conversations", "Conversations hosted on this node now", false),
    REDIS_UP(
            "parley.redis.up",
            "1 while calls to Redis pass; 0 while they are refused at once since it, or a master of it, is away",
            false),
    POSTGRES_UP(
            "parley.postgres.up",
            "1 while calls to PostgreSQL pass, writes among them; 0 while they do not, or it is not configured",
            false),
    ARCHIVE_WAITING("parley.archive.waiting", "Sessions that wait to be archived, on all nodes", false),
    ARCHIVE_LAG("parley.archive.lag.seconds", "How long the oldest of them has been waiting", false),
    ARCHIVED("parley.archive.messages", "Messages that this node has copied to PostgreSQL", true),
    REPAIRS("parley.hub.repairs", "Times a conversation read its log because a live message was missing", true),
    EPHEMERAL("parley.ingest.ephemeral", "Ephemeral events handed to sockets on this node", true),
    ELSEWHERE("parley.ingest.elsewhere", "Ephemeral events of conversations not hosted here, dropped", true),
    MALFORMED("parley.ingest.malformed", "Malformed ephemeral events, dropped", true),
    STREAMS("parley.ingest.streams", "Durable streams that this node reads now", false),
    STREAMED("parley.ingest.streamed", "Entries of durable streams that are in a log", true),
    DEAD("parley.ingest.dead", "Entries of durable streams that went to the dead letters", true),
    PASSED_OVER("parley.ingest.passed.over", "Entries that neither a log nor the dead letters took", true),
    LOST("parley.ingest.lost", "Entries of a durable stream that were trimmed or deleted before they were read", true),
    AUDIT_WAITING("parley.audit.waiting", "Audit entries of the gateway's own that wait for Redis", false),
    AUDIT_DROPPED("parley.audit.dropped", "Audit entries of the gateway's own that are lost", true),
    AUDIT_ARCHIVED("parley.audit.archived", "Audit entries that this node has copied to PostgreSQL", true),
    AUDIT_UNARCHIVED("parley.audit.unarchived", "Audit trails that wait to be copied to PostgreSQL", false),
    QUEUED("parley.outage.queued", "Events that wait to be appended", false),
    QUEUED_BYTES("parley.outage.queued.bytes", "What they count against parley.outage.queue", false),
    QUEUED_AGE("parley.outage.queued.age.seconds", "Age of the oldest of them", false),
    OVERLOADED("parley.outage.overloaded", "Events refused because too many waited, or for too long", true),
    REPLAYED("parley.outage.replayed", "Queued events that are in their logs now", true),
    REFUSED("parley.outage.refused", "Queued events that their logs did not take in the end", true),
    TAKEN("parley.limits.taken", "Times that something was taken from a limit", true),
    LIMITED("parley.limits.refused", "Times that it was refused, since it was too much", true),
    LIMITED_ALONE("parley.limits.alone", "Times that this node decided alone, since Redis was away", true),
    CACHE_HITS("parley.cache.hits", "Look-ups that were answered from the LLM cache", true),
    CACHE_MISSES("parley.cache.misses", "Look-ups that were not", true),
    CACHE_STORED("parley.cache.stored", "Answers put into the LLM cache", true),
    CACHE_REFUSED("parley.cache.refused", "Answers that may not be kept there", true),
    CACHE_DROPPED("parley.cache.dropped", "Answers that were not kept since Redis was away", true),
    CACHE_SEMANTIC("parley.cache.semantic", "Searches for the same question in other words, by their outcome", true),
    CACHE_EMBEDDER_FAILURES(
            "parley.cache.embedder.failures", "Requests that the embedder's service did not answer properly", true),
    CACHE_WAITING("parley.cache.waiting", "Callers that wait now for an answer that somebody else computes", false),
    UPSTREAM_CALLS("parley.upstream.calls", "Calls of the upstream, by the status of the answer", true),
    UPSTREAM_SECONDS("parley.upstream.seconds", "Time from those calls to the heads of their answers", true),
    UPSTREAM_REFUSING("parley.upstream.refusing", "Models whose calls a breaker refuses now", false),
    UPSTREAM_MEMORY(
            "parley.upstream.memory.bytes", "What requests and whole answers take of parley.upstream.memory", false),
    UPSTREAM_CROWDED("parley.upstream.crowded", "Requests and answers refused since that was taken", true),
    RESUBSCRIBED("parley.pubsub.acknowledged", "Subscriptions acknowledged by Redis, again after each reconnect", true),
    PUBSUB_REFUSED("parley.pubsub.refused", "Pub/Sub connections and subscriptions that Redis refused", true),
    PUBSUB_LOST("parley.pubsub.lost", "Pub/Sub connections cut by Redis or by the network", true),
    REPLACED("parley.pubsub.replaced", "Pub/Sub connections given up because nothing was heard on them", true);

    private final String meter;
    private final String description;
    private final boolean counts;

    Metric(String meter, String description, boolean counts) {
        this.meter = meter;
        this.description = description;
        this.counts = counts;
    }

    /**
     * Reads it whenever the registry is scraped, on whatever thread does that.
     *
     * @param source what is asked; the registry keeps no hold on it, so it must live as long as it is to be measured
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
