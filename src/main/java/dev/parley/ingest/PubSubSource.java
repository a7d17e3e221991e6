package dev.parley.ingest;

import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.InvalidEventException;
import dev.parley.redis.PubSub;
import dev.parley.support.LimitedLog;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Ephemeral events, {@code PUBLISH agent:events:<type> <event>}. Every node hears all of them, so an event that is not hosted here is
 * read to its conversation and dropped there; only the rest is read and checked to the end.
 *
 * <p>Hears on the Pub/Sub connection's event loop. What is malformed is counted, logged now and then, and stops nothing.
 */
public final class PubSubSource implements PubSub.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(PubSubSource.class);

    private final Predicate<String> hosted;
    private final Predicate<AgentEvent> taker;
    private final LimitedLog malformedLog = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder passedOn = new LongAdder();
    private final LongAdder elsewhere = new LongAdder();
    private final LongAdder malformed = new LongAdder();

    /**
     * @param hosted whether events of a conversation are of any use here
     * @param taker takes an event, unless too much waits already
     */
    public PubSubSource(Predicate<String> hosted, Predicate<AgentEvent> taker) {
        this.hosted = hosted;
        this.taker = taker;
    }

    /** Starts to listen; completes when Redis has acknowledged. */
    public Mono<Void> open(PubSub pubSub, String pattern) {
        return pubSub.subscribePattern(pattern, this);
    }

    @Override
    public void message(String channel, byte[] message) {
        try {
            AgentEvent event = EventCodec.parseIf(hosted, message);
            (event != null && taker.test(event) ? passedOn : elsewhere).increment();
        } catch (InvalidEventException e) {
            malformed(channel, e);
        }
    }

    private void malformed(String channel, InvalidEventException e) {
        malformed.increment();
        malformedLog.warn("A malformed event was dropped", channel, e.getMessage());
    }

    /** Events handed to sockets on this node. */
    public long passedOn() {
        return passedOn.sum();
    }

    /** Events of conversations that are not hosted here, or that had too many waiting, dropped. */
    public long elsewhere() {
        return elsewhere.sum();
    }

    public long malformed() {
        return malformed.sum();
    }
}
