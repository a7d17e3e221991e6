package dev.parley.ingest;

import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.InvalidEventException;
import dev.parley.redis.PubSub;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Ephemeral events, {@code PUBLISH agent:events:<type> <event>}. Every node hears all of them, so of an event it reads the
 * conversation first and drops what is not hosted here; only the rest is checked and passed on.
 *
 * <p>Runs on the Pub/Sub connection's event loop. What is malformed is counted, logged now and then, and stops nothing.
 */
public final class PubSubSource implements PubSub.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(PubSubSource.class);

    private final Predicate<String> hosted;
    private final Consumer<AgentEvent> to;
    private final LimitedLog malformedLog = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder passedOn = new LongAdder();
    private final LongAdder elsewhere = new LongAdder();
    private final LongAdder malformed = new LongAdder();

    /**
     * @param hosted whether a conversation's events are wanted here
     * @param to gets them
     */
    public PubSubSource(Predicate<String> hosted, Consumer<AgentEvent> to) {
        this.hosted = hosted;
        this.to = to;
    }

    /** Starts to listen; completes when Redis has acknowledged. */
    public Mono<Void> open(PubSub pubSub, String pattern) {
        return pubSub.subscribePattern(pattern, this);
    }

    @Override
    public void message(String channel, byte[] message) {
        try {
            String conversation = EventCodec.conversation(message);
            if (conversation == null) {
                throw new InvalidEventException("payload.conversation_id is missing or no id");
            }
            if (hosted.test(conversation)) {
                to.accept(EventCodec.parse(message));
                passedOn.increment();
            } else {
                elsewhere.increment();
            }
        } catch (InvalidEventException e) {
            malformed.increment();
            malformedLog.warn("A malformed event was dropped", channel, e.getMessage());
        }
    }

    /** Events handed to sockets on this node. */
    public long passedOn() {
        return passedOn.sum();
    }

    /** Events of conversations that are not hosted here. */
    public long elsewhere() {
        return elsewhere.sum();
    }

    public long malformed() {
        return malformed.sum();
    }
}
