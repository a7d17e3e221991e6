package dev.parley.websocket;

import dev.parley.auth.Access;
import dev.parley.auth.Principal;
import dev.parley.event.AgentEvent;
import dev.parley.hub.Hub;
import dev.parley.hub.Subscriber;
import dev.parley.inbox.UserCancel;
import dev.parley.inbox.UserMessage;
import dev.parley.inbox.UserMessages;
import dev.parley.publish.PublishResult;
import dev.parley.publish.Publisher;
import dev.parley.session.Sessions;
import dev.parley.store.RedisEventStore;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** This node's conversations, for its sockets. */
public record NodeConversations(
        Hub hub, RedisEventStore log, Publisher publisher, UserMessages inbound, Sessions sessions)
        implements ConversationServices {

    @Override
    public Mono<Void> revive(String conversation, Access access) {
        return sessions.revive(conversation, access);
    }

    @Override
    public Disposable follow(
            String conversation, Subscriber follower, Access access, @Nullable String ref, @Nullable String since) {
        return hub.subscribe(conversation, follower, access, ref, since);
    }

    @Override
    public Mono<UserMessages.Sent> send(Principal who, UserMessage message) {
        return inbound.send(who, message);
    }

    @Override
    public Mono<UserMessages.Sent> cancel(Principal who, UserCancel cancel) {
        return inbound.cancel(who, cancel);
    }

    @Override
    public boolean admits(Principal who, String conversation) {
        return sessions.admits(who, conversation);
    }

    @Override
    public Mono<Void> admit(Principal who, String conversation) {
        return sessions.admit(who, conversation);
    }

    @Override
    public Mono<PublishResult> publish(Access access, AgentEvent event) {
        return publisher.publish(access, event);
    }

    @Override
    public Mono<Void> passOn(Access access, AgentEvent event) {
        return log.passOn(event, access);
    }
}
