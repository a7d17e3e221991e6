package dev.parley.inbox;

import dev.parley.auth.Access;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.Ids;
import dev.parley.event.Position;
import dev.parley.event.Utf8;
import dev.parley.publish.PublishResult;
import dev.parley.publish.Publisher;
import dev.parley.session.Sessions;
import dev.parley.store.AppendRequest;
import dev.parley.store.RedisEventStore;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What people do in a conversation: they send a message or cancel a run.
 *
 * <p>The log and the inbox stand on different slots, so no script can write both. The append leaves a mark beside the log; the inbox
 * takes each id once; the mark is cleared; only then is the person answered. Whoever finds a mark left over, at a join or at the same
 * message sent again, finishes the way ({@link InboxDelivery}). While Redis is away it is the publisher's queue that does. Everything
 * here is cold and runs on Redis' event loop.
 */
public final class UserMessages {

    /**
     * Where it is in the log, and under which id.
     *
     * @param position null while it is queued, since Redis is away
     */
    public record Sent(@Nullable Position position, String messageId) {}

    private final RedisEventStore log;
    private final Publisher publisher;
    private final Sessions sessions;
    private final InboxDelivery deliveries;
    private final String defaultAgent;
    private final int maxInbox;
    private final AuditListener witness;
    private final AnswerCache answers;

    /**
     * @param maxInbox unread entries of an inbox at most; past them a message is refused. It is looked at before the log is written,
     *     so messages that are on their way at the same moment may go past it
     * @param witness hears of what was sent and cancelled
     * @param answers what need not be asked again
     */
    public UserMessages(
            RedisEventStore log,
            Publisher publisher,
            Sessions sessions,
            InboxDelivery deliveries,
            String defaultAgent,
            int maxInbox,
            AuditListener witness,
            AnswerCache answers) {
        this.answers = answers;
        this.log = log;
        this.publisher = publisher;
        this.sessions = sessions;
        this.deliveries = deliveries;
        this.defaultAgent = defaultAgent;
        this.maxInbox = maxInbox;
        this.witness = witness;
    }

    /**
     * Sends a message: to the log, the session's messages and the current agent's inbox, each once.
     *
     * @return fails with {@link ParleyException}: {@code overloaded} when the inbox is full, {@code not_found}, {@code too_large},
     *     {@code bad_request}, {@code unavailable}; after the last one it should be sent again with the same id
     */
    public Mono<Sent> send(Principal principal, UserMessage message) {
        return Mono.defer(() -> {
            String id = idOf(message.messageId());
            requireUnicode("content", message.content().json());
            AgentEvent event = UserEvents.message(message, principal.tenant(), principal.subject(), id, false);
            Access access = principal.access(message.conversation()).orNew();
            if (message.cache() != null) {
                answers.requireCategory(message.cache());
            }
            Mono<Void> checks = sessions.revive(message.conversation(), access)
                    .then(log.requireAccess(message.conversation(), access));
            Mono<Sent> sent = whereRedisIs(checks)
                    .then(whereRedisIs(log.currentAgent(message.conversation(), defaultAgent)))
                    .flatMap(agent -> cacheable(principal, message, agent, id)
                            .flatMap(first -> whereRedisIs(known(principal, message, first))
                                    .switchIfEmpty(ask(principal, event, first.note)))
                            .switchIfEmpty(
                                    whereRedisIs(requireRoom(agent, maxInbox)).then(append(principal, event))))
                    .switchIfEmpty(append(principal, event));
            return witnessed(principal, event, "send", "message.sent", sent);
        });
    }

    /**
     * A message whose answer may be a known one, or become one.
     *
     * @param tenant whose the conversation is: its answers stay there, whoever sends the message
     */
    private record First(String tenant, AnswerRecorder.Note note) {}

    /** Empty when it is for its agent alone. */
    private Mono<First> cacheable(Principal principal, UserMessage message, String agent, String id) {
        String category = answers.category(agent, message.cache());
        return category == null
                        || message.metadata() != null
                        || message.content().text() == null
                        // Redis does not know yet what was said before.
                        || publisher.isQueued(message.conversation())
                ? Mono.empty()
                : whereRedisIs(log.ownerIfUntouched(message.conversation(), principal.tenant()))
                        .map(tenant -> new First(tenant, new AnswerRecorder.Note(category, agent, id)));
    }

    /** Message and answer in one script: both or neither. Empty when no answer is known, or something else has been said meanwhile. */
    private Mono<Sent> known(Principal principal, UserMessage message, First first) {
        AnswerRecorder.Note note = first.note;
        String text = Objects.requireNonNull(message.content().text());
        return answers.find(new AnswerCache.Question(first.tenant, note.agent(), note.category(), text))
                .flatMap(known -> {
                    Access access = principal.access(message.conversation()).orNew();
                    String id = note.messageId();
                    AgentEvent said = UserEvents.message(message, principal.tenant(), principal.subject(), id, true);
                    List<AppendRequest> events = Stream.concat(
                                    Stream.of(said),
                                    CachedRun.of(message.conversation(), note.agent(), id, known).stream())
                            .map(event -> AppendRequest.by(access, event))
                            .toList();
                    return log.appendFirst(first.tenant, events).map(appended -> new Sent(appended.position(), id));
                });
    }

    /** Asks the agent, and has its answer kept. */
    private Mono<Sent> ask(Principal principal, AgentEvent event, AnswerRecorder.Note note) {
        return whereRedisIs(requireRoom(note.agent(), maxInbox))
                .then(append(principal, event, log.keepAnswer(event.conversation(), note.text())));
    }

    private Mono<Sent> witnessed(Principal who, AgentEvent event, String what, String action, Mono<Sent> deed) {
        String conversation = event.conversation();
        return deed.doOnNext(sent -> {
                    String id = sent.messageId();
                    witness.acted(who, conversation, action, Map.of("message_id", id), id);
                })
                .doOnError(
                        e -> ParleyException.is(e, ErrorCode.NOT_FOUND), e -> witness.refused(who, conversation, what));
    }

    /** Cancels a run: in the log, in the agent's inbox and on the conversation's control channel. Fails as {@link #send}. */
    public Mono<Sent> cancel(Principal principal, UserCancel cancel) {
        return Mono.defer(() -> {
            if (cancel.run() != null && !Ids.valid(cancel.run())) {
                throw ParleyException.badRequest("run " + Ids.RULE);
            }
            if (cancel.reason() != null) {
                requireUnicode("reason", cancel.reason());
            }
            String id = idOf(cancel.messageId());
            AgentEvent event = UserEvents.cancel(cancel, principal.tenant(), principal.subject(), id);
            // An agent that is too busy to read its inbox is the one to be stopped: cancels get room of their own.
            Mono<Void> checks = log.requireAccess(cancel.conversation(), principal.access(cancel.conversation()))
                    .then(log.currentAgent(cancel.conversation(), defaultAgent))
                    .flatMap(agent -> requireRoom(agent, maxInbox * 2L));
            return witnessed(
                    principal,
                    event,
                    "cancel",
                    "run.cancelled",
                    whereRedisIs(checks).then(append(principal, event)));
        });
    }

    /** While Redis is away there is nobody to ask: the event is queued, and the log checks the tenant when it gets it. */
    private static <T> Mono<T> whereRedisIs(Mono<T> checks) {
        return checks.onErrorResume(
                ParleyException.class,
                refusal -> refusal.code() == ErrorCode.UNAVAILABLE ? Mono.empty() : Mono.error(refusal));
    }

    private static void requireUnicode(String field, String text) {
        if (!Utf8.canEncode(text)) {
            throw ParleyException.badRequest(field + " has half a surrogate pair: it must be well-formed Unicode");
        }
    }

    private static String idOf(@Nullable String given) {
        if (given != null && !Ids.valid(given)) {
            throw ParleyException.badRequest("message_id " + Ids.RULE);
        }
        return given == null ? Ids.random() : given;
    }

    private Mono<Void> requireRoom(String agent, long max) {
        return deliveries
                .hasRoom(agent, max)
                .flatMap(room -> room
                        ? Mono.empty()
                        : Mono.error(ParleyException.of(
                                ErrorCode.OVERLOADED, "the agent's inbox is full: try again later")));
    }

    private Mono<Sent> append(Principal principal, AgentEvent event) {
        return append(principal, event, Mono.empty());
    }

    /** @param first what is done before the agent gets it; the message does not depend on it */
    private Mono<Sent> append(Principal principal, AgentEvent event, Mono<Void> first) {
        String id = Objects.requireNonNull(event.eventId());
        return publisher
                .publish(principal.access(event.conversation()), event)
                .flatMap(published -> published instanceof PublishResult.Stored stored
                        ? first.onErrorResume(e -> Mono.empty())
                                .then(deliveries.deliver(event, stored.appended()))
                                .thenReturn(sent(stored, id))
                        : Mono.just(new Sent(null, id)));
    }

    private static Sent sent(PublishResult.Stored stored, String id) {
        return new Sent(stored.appended().position(), id);
    }
}
