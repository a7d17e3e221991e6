package dev.parley.ingest;

import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.InvalidEventException;
import dev.parley.redis.PubSub;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Ephemeral events, {@code PUBLISH agent:events:<type> <event>}. Every node hears all of them, so of an event it reads the
 * conversation first and drops what is not hosted here; only the rest is read and checked to the end, by whoever it is passed on to.
 *
 * <p>Hears on the Pub/Sub connection's event loop. What is malformed is counted, logged now and then, and stops nothing.
 */
public final class PubSubSource implements PubSub.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(PubSubSource.class);

    /** Who gets the events. */
    @FunctionalInterface
    public interface Taker {

        /**
         * Takes an event of a conversation, to be read later, on whatever thread; or does not, when it is not wanted here.
         *
         * @param event null when it turns out to be none
         * @param size its bytes
         */
        boolean take(String conversation, Supplier<@Nullable AgentEvent> event, int size);
    }

    private final Taker to;
    private final LimitedLog malformedLog = new LimitedLog(LOG, Duration.ofSeconds(10));
    private final LongAdder passedOn = new LongAdder();
    private final LongAdder elsewhere = new LongAdder();
    private final LongAdder malformed = new LongAdder();

    public PubSubSource(Taker to) {
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
            if (!to.take(conversation, () -> read(channel, message), message.length)) {
                elsewhere.increment();
            }
        } catch (InvalidEventException e) {
            malformed(channel, e);
        }
    }

    private @Nullable AgentEvent read(String channel, byte[] message) {
        try {
            AgentEvent event = EventCodec.parse(message);
            passedOn.increment();
            return event;
        } catch (InvalidEventException e) {
            malformed(channel, e);
            return null;
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
