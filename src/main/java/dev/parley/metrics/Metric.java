package dev.parley.metrics;

import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Statistic;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is measured. Each is read from where it is counted when it is asked for, so counting costs no more than an add. */
public enum Metric {
    SOCKETS("parley.sockets", "WebSockets open now", false),
    CONVERSATIONS("parley.conversations", "Conversations hosted on this node now", false),
    REDIS_UP("parley.redis.up", "1 while the connection to Redis stands", false),
    REPAIRS("parley.hub.repairs", "Times a conversation read its log because a live message was missing", true),
    EPHEMERAL("parley.ingest.ephemeral", "Ephemeral events handed to sockets on this node", true),
    ELSEWHERE("parley.ingest.elsewhere", "Ephemeral events of conversations not hosted here, dropped", true),
    MALFORMED("parley.ingest.malformed", "Malformed ephemeral events, dropped", true),
    STREAMED("parley.ingest.streamed", "Entries of durable streams that are in a log", true),
    DEAD("parley.ingest.dead", "Entries of durable streams that went to the dead letters", true),
    RESUBSCRIBED("parley.pubsub.acknowledged", "Subscriptions acknowledged by Redis, again after each reconnect", true);

    private static final Logger LOG = LoggerFactory.getLogger(Metric.class);

    private final String meter;
    private final String description;
    private final boolean counts;

    Metric(String meter, String description, boolean counts) {
        this.meter = meter;
        this.description = description;
        this.counts = counts;
    }

    /** Reads it from the supplier, which any thread may call, whenever the registry is scraped. The registry keeps the supplier. */
    public void register(MeterRegistry registry, LongSupplier value) {
        Meter.Type type = counts ? Meter.Type.COUNTER : Meter.Type.GAUGE;
        Statistic statistic = counts ? Statistic.COUNT : Statistic.VALUE;
        Meter registered = Meter.builder(
                        meter, type, List.of(new Measurement(() -> (double) value.getAsLong(), statistic)))
                .description(description)
                .register(registry);
        LOG.debug("Measuring {}", registered.getId());
    }
}
