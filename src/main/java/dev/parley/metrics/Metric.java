package dev.parley.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** What is measured. Each is read from where it is counted when it is asked for, so counting costs no more than an add. */
public enum Metric {
    SOCKETS("parley.sockets", "WebSockets open now", false),
    CONVERSATIONS("parley.conversations", "Conversations hosted on this node now", false),
    REDIS_UP(
            "parley.redis.up",
            "1 while calls to Redis pass; 0 while they are refused at once, since it is away",
            false),
    REPAIRS("parley.hub.repairs", "Times a conversation read its log because a live message was missing", true),
    EPHEMERAL("parley.ingest.ephemeral", "Ephemeral events handed to sockets on this node", true),
    ELSEWHERE("parley.ingest.elsewhere", "Ephemeral events of conversations not hosted here, dropped", true),
    MALFORMED("parley.ingest.malformed", "Malformed ephemeral events, dropped", true),
    STREAMS("parley.ingest.streams", "Durable streams that this node reads now", false),
    STREAMED("parley.ingest.streamed", "Entries of durable streams that are in a log", true),
    DEAD("parley.ingest.dead", "Entries of durable streams that went to the dead letters", true),
    QUEUED("parley.outage.queued", "Events that wait to be appended", false),
    QUEUED_BYTES("parley.outage.queued.bytes", "What they count against parley.outage.queue", false),
    QUEUED_AGE("parley.outage.queued.age.seconds", "Age of the oldest of them", false),
    OVERLOADED("parley.outage.overloaded", "Events refused because too many waited, or for too long", true),
    REPLAYED("parley.outage.replayed", "Queued events that are in their logs now", true),
    REFUSED("parley.outage.refused", "Queued events that their logs did not take in the end", true),
    RESUBSCRIBED("parley.pubsub.acknowledged", "Subscriptions acknowledged by Redis, again after each reconnect", true),
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
     */
    public <T> void register(MeterRegistry registry, T source, ToDoubleFunction<T> value) {
        if (counts) {
            FunctionCounter.builder(meter, source, value)
                    .description(description)
                    .register(registry);
        } else {
            Gauge.builder(meter, source, value).description(description).register(registry);
        }
    }
}
