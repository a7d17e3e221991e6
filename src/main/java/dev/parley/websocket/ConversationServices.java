package dev.parley.websocket;

import dev.parley.auth.Access;
import dev.parley.auth.Principal;
import dev.parley.event.AgentEvent;
import dev.parley.hub.Subscriber;
import dev.parley.inbox.UserCancel;
import dev.parley.inbox.UserMessage;
import dev.parley.inbox.UserMessages;
import dev.parley.publish.PublishResult;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * What sockets do with conversations. Every Mono is cold and fails with {@link dev.parley.error.ParleyException}. Thread-safe; never
 * blocks.
 */
public interface ConversationServices {

    /** Restores an archived session before a client subscribes; empty if there is none. */
    Mono<Void> revive(String conversation, Access access);

    /**
     * Subscribes to a conversation, as {@link dev.parley.hub.Hub#subscribe}.
     *
     * @return ends the subscription
     */
    Disposable follow(
            String conversation, Subscriber follower, Access access, @Nullable String ref, @Nullable String since);

    /** Sends a person's message. */
    Mono<UserMessages.Sent> send(Principal who, UserMessage message);

    /** Asks an agent to stop. */
    Mono<UserMessages.Sent> cancel(Principal who, UserCancel cancel);

    /** Whether {@link #admit} needs no request. */
    boolean admits(Principal who, String conversation);

    /** Checks that an agent may publish in a conversation. */
    Mono<Void> admit(Principal who, String conversation);

    /** Publishes a durable event. */
    Mono<PublishResult> publish(Access access, AgentEvent event);

    /** Publishes an ephemeral event. */
    Mono<Void> passOn(Access access, AgentEvent event);
}
