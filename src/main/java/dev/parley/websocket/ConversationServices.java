package dev.parley.websocket;

import dev.parley.auth.Access;
import dev.parley.auth.Principal;
import dev.parley.event.AgentEvent;
import dev.parley.hub.Subscriber;
import dev.parley.inbox.UserMessages;
import dev.parley.publish.PublishResult;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * What sockets do with conversations. Every Mono is cold and fails with {@link dev.parley.error.ParleyException}. Thread-safe; nothing blocks.
 */
interface ConversationServices {

    /** Brings an archived session back before it is followed; empty when there is none. */
    Mono<Void> revive(String conversation, Access access);

    /**
     * Follows a conversation, as {@link dev.parley.hub.Hub#subscribe}.
     *
     * @return leaves
     */
    Disposable follow(
            String conversation, Subscriber follower, Access access, @Nullable String ref, @Nullable String since);

    /** Sends a person's message. */
    Mono<UserMessages.Sent> send(Principal who, UserMessages.Message message);

    /** Asks an agent to stop. */
    Mono<UserMessages.Sent> cancel(Principal who, UserMessages.Cancel cancel);

    /** Whether {@link #admit} has nothing to ask. */
    boolean admits(Principal who, String conversation);

    /** Checks that an agent may publish in a conversation. */
    Mono<Void> admit(Principal who, String conversation);

    /** Publishes an event that the log keeps. */
    Mono<PublishResult> publish(Access access, AgentEvent event);

    /** Publishes an event that no log keeps. */
    Mono<Void> passOn(Access access, AgentEvent event);
}
