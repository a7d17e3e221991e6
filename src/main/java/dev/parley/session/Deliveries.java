package dev.parley.session;

import dev.parley.event.AgentEvent;
import dev.parley.log.Appended;
import dev.parley.log.ConversationLog;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The second half of a message's way: from the log, where a mark says that it is due, to the inbox of the agent. Cold. */
public final class Deliveries {

    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);

    private static final int MARKS_AT_ONCE = 1;

    private final ConversationLog log;
    private final Inbox inbox;

    public Deliveries(Redis redis, Keys keys, ConversationLog log) {
        this.log = log;
        this.inbox = new Inbox(redis, keys);
    }

    /** Takes a message or cancel from the log to the inbox, once: an agent that has it already does not get it again. */
    public Mono<Void> deliver(AgentEvent event, Appended appended) {
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

    /** Finishes what a crash left between a conversation's log and an inbox. */
    public Mono<Void> heal(String conversation) {
        return log.inboxMarks(conversation)
                .flatMapMany(marks -> Flux.fromIterable(marks.entrySet()))
                .flatMap(mark -> finish(conversation, mark), MARKS_AT_ONCE)
                .then();
    }

    /** A mark is {@code <agent> <position> <event>}. */
    private Mono<Void> finish(String conversation, Map.Entry<String, byte[]> mark) {
        byte[] value = mark.getValue();
        int first = indexOfSpace(value, 0);
        int second = indexOfSpace(value, first + 1);
        String agent = Script.text(Arrays.copyOf(value, first));
        String position = Script.text(Arrays.copyOfRange(value, first + 1, second));
        LOG.debug("Finishing the way of {} in {} to the inbox of {}", mark.getKey(), conversation, agent);
        return inbox.add(
                        agent,
                        conversation,
                        mark.getKey(),
                        position,
                        Arrays.copyOfRange(value, second + 1, value.length))
                .then(log.clearInboxMark(conversation, mark.getKey()));
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
