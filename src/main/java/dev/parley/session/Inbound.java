package dev.parley.session;

import dev.parley.auth.Principal;
import dev.parley.event.AgentEvent;
import dev.parley.event.Ids;
import dev.parley.event.Position;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.log.ConversationLog;
import dev.parley.log.Published;
import dev.parley.log.Publisher;
import dev.parley.redis.Keys;
import dev.parley.redis.Redis;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What people do in a conversation: they send a message or cancel a run.
 *
 * <p>The log and the inbox stand on different slots, so no script can write both. The append leaves a mark beside the log; the inbox
 * takes each id once; the mark is cleared; only then is the person answered. Whoever finds a mark left over, at a join or at the same
 * message sent again, finishes the way ({@link Deliveries}). While Redis is away it is the publisher's queue that does. Everything
 * here is cold and runs on Redis' event loop.
 */
public final class Inbound {

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

    /**
     * Where it is in the log, and under which id.
     *
     * @param position null while it is queued, since Redis is away
     */
    public record Sent(@Nullable Position position, String messageId) {}

    private final ConversationLog log;
    private final Publisher publisher;
    private final Deliveries deliveries;
    private final Inbox inbox;
    private final String defaultAgent;
    private final int maxInbox;

    /**
     * @param maxInbox unread entries of an inbox at most; past them a message is refused. It is looked at before the log is written,
     *     so messages that are on their way at the same moment may go past it
     */
    public Inbound(
            Redis redis,
            Keys keys,
            ConversationLog log,
            Publisher publisher,
            Deliveries deliveries,
            String defaultAgent,
            int maxInbox) {
        this.log = log;
        this.publisher = publisher;
        this.deliveries = deliveries;
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
            Mono<Void> checks = log.requireAccess(
                            message.conversation(),
                            principal.access(message.conversation()).orNew())
                    .then(requireRoom(message.conversation(), maxInbox));
            return whereRedisIs(checks).then(append(principal, event));
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
            Mono<Void> checks = log.requireAccess(cancel.conversation(), principal.access(cancel.conversation()))
                    .then(requireRoom(cancel.conversation(), maxInbox * 2L));
            return whereRedisIs(checks).then(append(principal, event));
        });
    }

    /** While Redis is away there is nobody to ask: the event is queued, and the log checks the tenant when it gets it. */
    private static Mono<Void> whereRedisIs(Mono<Void> checks) {
        return checks.onErrorResume(
                Refusal.class, refusal -> refusal.code() == ErrorCode.UNAVAILABLE ? Mono.empty() : Mono.error(refusal));
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
        String id = Objects.requireNonNull(event.eventId());
        return publisher
                .publish(principal.access(event.conversation()), event)
                .flatMap(published -> published instanceof Published.Stored stored
                        ? deliveries.deliver(event, stored.appended()).thenReturn(sent(stored, id))
                        : Mono.just(new Sent(null, id)));
    }

    private static Sent sent(Published.Stored stored, String id) {
        return new Sent(stored.appended().position(), id);
    }
}
