package dev.parley.session;

import dev.parley.auth.Principal;
import dev.parley.event.AgentEvent;
import dev.parley.event.Ids;
import dev.parley.event.Position;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.log.Append;
import dev.parley.log.Appended;
import dev.parley.log.ConversationLog;
import dev.parley.log.Publisher;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import dev.parley.redis.Script;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What people do in a conversation: they send a message or cancel a run.
 *
 * <p>The log and the inbox stand on different slots, so no script can write both. The append leaves a mark beside the log; the inbox
 * takes each id once; the mark is cleared; only then is the person answered. Whoever finds a mark left over, at a join or at the same
 * message sent again, finishes the way. Everything here is cold and runs on Redis' event loop.
 */
public final class Inbound {

    private static final Logger LOG = LoggerFactory.getLogger(Inbound.class);

    private static final int MARKS_AT_ONCE = 1;

    /**
     * @param content what was said
     * @param messageId the same id again adds nothing; made when null
     * @param metadata a JSON object for the agent, or null
     */
    public record Message(
            String conversation, String content, @Nullable String messageId, byte @Nullable [] metadata) {}

    /** @param run the run to stop; null for whatever is in progress */
    public record Cancel(
            String conversation,
            @Nullable String messageId,
            @Nullable String run,
            @Nullable String reason) {}

    /** Where it is in the log, and under which id. */
    public record Sent(Position position, String messageId) {}

    private final ConversationLog log;
    private final Publisher publisher;
    private final Inbox inbox;
    private final String defaultAgent;
    private final int maxInbox;

    /**
     * @param maxInbox unread entries of an inbox at most; past them a message is refused. It is looked at before the log is written,
     *     so messages that are on their way at the same moment may go past it
     */
    public Inbound(
            Redis redis, Keys keys, ConversationLog log, Publisher publisher, String defaultAgent, int maxInbox) {
        this.log = log;
        this.publisher = publisher;
        this.inbox = new Inbox(redis, keys);
        this.defaultAgent = defaultAgent;
        this.maxInbox = maxInbox;
    }

    /**
     * Sends a message: to the log, the session's messages and the current agent's inbox, each once.
     *
     * @return fails with {@link Refusal}: {@code overloaded} when the inbox is full, {@code not_found}, {@code too_large},
     *     {@code bad_request}, {@code unavailable}; after the last one it should be sent again with the same id
     */
    public Mono<Sent> send(Principal principal, Message message) {
        return Mono.defer(() -> {
            String id = idOf(message.messageId());
            requireUnicode("content", message.content());
            AgentEvent event = UserEvents.message(message, principal.tenant(), principal.subject(), id);
            return log.requireAccess(
                            message.conversation(),
                            principal.access(message.conversation()).orNew())
                    .then(requireRoom(message.conversation(), maxInbox))
                    .then(append(principal, event));
        });
    }

    /** Cancels a run: in the log, in the agent's inbox and on the conversation's control channel. Fails as {@link #send}. */
    public Mono<Sent> cancel(Principal principal, Cancel cancel) {
        return Mono.defer(() -> {
            if (cancel.run() != null && !Ids.valid(cancel.run())) {
                throw Refusal.badRequest("run " + Ids.RULE);
            }
            if (cancel.reason() != null) {
                requireUnicode("reason", cancel.reason());
            }
            String id = idOf(cancel.messageId());
            AgentEvent event = UserEvents.cancel(cancel, principal.tenant(), principal.subject(), id);
            // An agent that is too busy to read its inbox is the one to be stopped: cancels get room of their own.
            return log.requireAccess(cancel.conversation(), principal.access(cancel.conversation()))
                    .then(requireRoom(cancel.conversation(), maxInbox * 2L))
                    .then(append(principal, event));
        });
    }

    /** JSON can write half a surrogate pair; UTF-8 can't. */
    private static void requireUnicode(String field, String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw Refusal.badRequest(field + " has half a surrogate pair: it must be well-formed Unicode");
        }
    }

    private static String idOf(@Nullable String given) {
        if (given != null && !Ids.valid(given)) {
            throw Refusal.badRequest("message_id " + Ids.RULE);
        }
        return given == null ? Ids.random() : given;
    }

    private Mono<Void> requireRoom(String conversation, long max) {
        return log.currentAgent(conversation, defaultAgent)
                .flatMap(agent -> inbox.hasRoom(agent, max)
                        .flatMap(room -> room
                                ? Mono.<Void>empty()
                                : Mono.error(Refusal.of(
                                        ErrorCode.OVERLOADED, "the agent's inbox is full: try again later"))));
    }

    private Mono<Sent> append(Principal principal, AgentEvent event) {
        String id = event.eventId() == null ? Ids.random() : event.eventId();
        return publisher
                .publish(Append.by(principal.access(event.conversation()), event))
                .flatMap(appended -> toInbox(event, id, appended).thenReturn(new Sent(appended.position(), id)));
    }

    private Mono<Void> toInbox(AgentEvent event, String id, Appended appended) {
        if (!appended.toInbox()) {
            return Mono.empty();
        }
        if (appended.duplicate()) {
            return heal(event.conversation());
        }
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
