package dev.parley.ingest;

import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.InvalidEventException;
import dev.parley.redis.LiveChannels;
import dev.parley.redis.PubSub;
import dev.parley.support.LimitedLog;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Receives ephemeral events, {@code PUBLISH agent:events:<type> <event>}. Every node receives all of them. An event is parsed up to its
 * conversation's id, and dropped there when this node does not host the conversation; only the others are parsed and checked to the end.
 *
 * <p>Called on the Pub/Sub connection's event loop. A malformed event is counted and dropped, and logged at most every 10 s.
 */
public final class PubSubSource implements LiveChannels.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(PubSubSource.class);

    private final Predicate<String> hosted;
    private final Predicate<AgentEvent> taker;
    private final LimitedLog malformedLog = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder passedOn = new LongAdder();
    private final LongAdder elsewhere = new LongAdder();
    private final LongAdder malformed = new LongAdder();

    /**
     * @param hosted whether this node hosts a conversation
     * @param taker accepts an event, or returns false when its conversation is not hosted any more or has too many waiting
     */
    public PubSubSource(Predicate<String> hosted, Predicate<AgentEvent> taker) {
        this.hosted = hosted;
        this.taker = taker;
    }

    /** Subscribes; completes when Redis has acknowledged. */
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

    /** Events passed to sockets on this node. */
    public long passedOn() {
        return passedOn.sum();
    }

    /** Events dropped because their conversations are not hosted here or had too many waiting. */
    public long elsewhere() {
        return elsewhere.sum();
    }

    /** Malformed events, dropped. */
    public long malformed() {
        return malformed.sum();
    }
}
