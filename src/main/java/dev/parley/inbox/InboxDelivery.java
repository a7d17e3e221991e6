package dev.parley.inbox;

import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import dev.parley.store.RedisEventStore;
import dev.parley.store.StoredEvent;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The second half of a message's way: from the log, where a mark says that it is due, to the inbox of the agent. Cold. */
public final class InboxDelivery {

    private static final Logger LOG = LoggerFactory.getLogger(InboxDelivery.class);

    private final RedisEventStore log;
    private final Inbox inbox;

    public InboxDelivery(Redis redis, Keys keys, RedisEventStore log) {
        this.log = log;
        this.inbox = new Inbox(redis, keys);
    }

    /** Takes a message or cancel from the log to the inbox, once: an agent that has it already does not get it again. */
    public Mono<Void> deliver(AgentEvent event, StoredEvent appended) {
        if (!appended.toInbox()) {
            return Mono.empty();
        }
        if (appended.duplicate()) {
            return heal(event.conversation());
        }
        String id = Objects.requireNonNull(event.eventId());
        return inbox.add(
                        appended.agent(),
                        event.conversation(),
                        id,
                        appended.position().toString(),
                        event.bytes())
                .then(log.clearInboxMark(event.conversation(), id));
    }

    /** Whether an agent's inbox takes one more. */
    Mono<Boolean> hasRoom(String agent, long max) {
        return inbox.hasRoom(agent, max);
    }

    /** Finishes what a crash or a lost answer left between a conversation's log and an inbox, in the log's order. */
    public Mono<Void> heal(String conversation) {
        return log.inboxMarks(conversation)
                .flatMapMany(marks -> Flux.fromStream(marks.entrySet().stream()
                        .map(mark -> Mark.of(mark.getKey(), mark.getValue()))
                        .sorted(Comparator.comparing(Mark::position))))
                .concatMap(mark -> finish(conversation, mark))
                .then();
    }

    private Mono<Void> finish(String conversation, Mark mark) {
        LOG.debug("Finishing the way of {} in {} to the inbox of {}", mark.messageId, conversation, mark.agent);
        return inbox.add(mark.agent, conversation, mark.messageId, mark.position.toString(), mark.event)
                .then(log.clearInboxMark(conversation, mark.messageId));
    }

    private record Mark(String messageId, String agent, Position position, byte[] event) {

        /** A mark is {@code <agent> <position> <event>}. */
        static Mark of(String messageId, byte[] value) {
            int first = indexOfSpace(value, 0);
            int second = indexOfSpace(value, first + 1);
            return new Mark(
                    messageId,
                    Script.text(Arrays.copyOf(value, first)),
                    Position.of(Script.text(Arrays.copyOfRange(value, first + 1, second))),
                    Arrays.copyOfRange(value, second + 1, value.length));
        }
    }

    private static int indexOfSpace(byte[] value, int from) {
        for (int i = from; i < value.length; i++) {
            if (value[i] == ' ') {
                return i;
            }
        }
        throw new IllegalStateException("an inbox mark has no agent and position");
    }
}
