package dev.parley.websocket;

import dev.parley.auth.Access;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.event.Position;
import dev.parley.inbox.UserCancel;
import dev.parley.inbox.UserMessage;
import dev.parley.inbox.UserMessages;
import dev.parley.protocol.ClientFrame;
import dev.parley.protocol.EncodedFrame;
import dev.parley.protocol.ServerFrames;
import dev.parley.publish.PublishResult;
import dev.parley.ratelimit.EndpointLimiter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Mono;

/** Runs the commands in a socket's frames. */
final class SocketCommands {

    private final SocketServices services;
    private final int maxConversations;
    private final Outbox outbox;
    private final Map<String, SocketSubscription> followings;
    private final String address;
    private final SerialExecutor oneByOne = new SerialExecutor();
    private final OrderedChecks publishing = new OrderedChecks();

    /** @param address the client's */
    SocketCommands(
            SocketServices services,
            int maxConversations,
            Outbox outbox,
            Map<String, SocketSubscription> followings,
            String address) {
        this.address = address;
        this.services = services;
        this.maxConversations = maxConversations;
        this.outbox = outbox;
        this.followings = followings;
    }

    /**
     * Runs the command in a frame.
     *
     * @return the reply; empty if the hub replies, or if there is none
     */
    Mono<EncodedFrame> run(Principal who, ClientFrame frame) {
        return Mono.defer(() -> {
            if (frame instanceof ClientFrame.Subscribe subscribe) {
                return subscribe(who, subscribe);
            } else if (frame instanceof ClientFrame.Unsubscribe unsubscribe) {
                return unsubscribe(unsubscribe);
            } else if (frame instanceof ClientFrame.Send send) {
                return send(who, send);
            } else if (frame instanceof ClientFrame.Publish publish) {
                return publish(who, publish);
            } else if (frame instanceof ClientFrame.Cancel cancel) {
                return cancel(who, cancel);
            } else if (frame instanceof ClientFrame.Call call) {
                return services.calls()
                        .call(who, call.method(), call.params())
                        .map(result -> ServerFrames.result(call.ref(), result));
            } else if (frame instanceof ClientFrame.Ping ping) {
                return Mono.just(ServerFrames.pong(ping.ref()));
            } else if (frame instanceof ClientFrame.Refused refused) {
                return Mono.error(refused.refusal());
            }
            return Mono.empty();
        });
    }

    private Mono<EncodedFrame> subscribe(Principal who, ClientFrame.Subscribe frame) {
        who.requireAnyRole();
        String conversation = conversation(frame.conversation());
        SocketSubscription before = followings.remove(conversation);
        if (before != null) {
            before.dispose();
        }
        if (followings.size() >= maxConversations) {
            throw ParleyException.badRequest(
                    "a socket may subscribe to " + maxConversations + " conversations: unsubscribe from one first");
        }
        SocketSubscription following = new SocketSubscription(outbox, frame.ref(), (refused, why) -> {
            followings.remove(conversation, refused);
            if (why.code() == ErrorCode.NOT_FOUND) {
                services.witness().refused(who, conversation, "subscribe");
            }
        });
        followings.put(conversation, following);
        Access access = who.access(conversation);
        return services.conversations()
                .revive(conversation, access)
                .then(Mono.<EncodedFrame>fromRunnable(() -> following.seated(
                        services.conversations().follow(conversation, following, access, frame.ref(), frame.since()))))
                .onErrorResume(ParleyException.class, refusal -> {
                    following.refused(refusal);
                    return Mono.empty();
                });
    }

    private Mono<EncodedFrame> unsubscribe(ClientFrame.Unsubscribe frame) {
        leave(conversation(frame.conversation()));
        return Mono.just(ServerFrames.ok(frame.ref()));
    }

    private void leave(String conversation) {
        SocketSubscription following = followings.remove(conversation);
        if (following != null) {
            following.dispose();
        }
    }

    private Mono<EncodedFrame> send(Principal who, ClientFrame.Send frame) {
        who.require(Role.USER);
        UserMessage message = new UserMessage(
                conversation(frame.conversation()),
                frame.content(),
                frame.messageId(),
                frame.metadata(),
                frame.cache());
        Mono<UserMessages.Sent> send = services.conversations().send(who, message);
        EndpointLimiter turnstile = services.turnstiles().send();
        return oneByOne.run(
                        turnstile.isOpen()
                                ? send
                                : turnstile
                                        .pass(who, message.conversation(), address, 1)
                                        .then(send))
                .map(sent -> sent(frame, sent));
    }

    private Mono<EncodedFrame> cancel(Principal who, ClientFrame.Cancel frame) {
        who.require(Role.USER);
        UserCancel cancel = new UserCancel(conversation(frame.conversation()), null, frame.run(), frame.reason());
        return oneByOne.run(services.conversations().cancel(who, cancel)).map(sent -> sent(frame, sent));
    }

    private static EncodedFrame sent(ClientFrame frame, UserMessages.Sent sent) {
        Position position = sent.position();
        return position == null
                ? ServerFrames.queued(frame.ref(), "message_id", sent.messageId())
                : ServerFrames.sent(frame.ref(), position.toString(), sent.messageId());
    }

    private Mono<EncodedFrame> publish(Principal who, ClientFrame.Publish frame) {
        who.require(Role.AGENT);
        String conversation = conversation(frame.conversation());
        String id = frame.eventId() == null ? Ids.random() : id("event_id", frame.eventId());
        String now = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        AgentEvent event = EventCodec.assemble(id("event", frame.event()), id, now, frame.payload(), conversation);
        Mono<EncodedFrame> published = published(frame, event, who.access(conversation));
        return (needsNoCheck(who, conversation)
                        ? published
                        : publishing.check(mayPublish(who, conversation)).then(published))
                .doOnError(
                        e -> ParleyException.is(e, ErrorCode.NOT_FOUND),
                        e -> services.witness().refused(who, conversation, "publish"));
    }

    private boolean needsNoCheck(Principal who, String conversation) {
        return services.turnstiles().publish().isOpen()
                && services.conversations().admits(who, conversation)
                && publishing.isIdle();
    }

    private Mono<Void> mayPublish(Principal who, String conversation) {
        EndpointLimiter turnstile = services.turnstiles().publish();
        Mono<Void> counted = turnstile.isOpen()
                ? Mono.empty()
                : turnstile.pass(who, conversation, address, 1).then();
        return counted.then(services.conversations().admit(who, conversation));
    }

    private Mono<EncodedFrame> published(ClientFrame.Publish frame, AgentEvent event, Access access) {
        if (!frame.durable()) {
            return services.conversations().passOn(access, event).thenReturn(ServerFrames.passedOn(frame.ref()));
        }
        String id = Objects.requireNonNull(event.eventId());
        return services.conversations()
                .publish(access, event)
                .map(published -> published instanceof PublishResult.Stored stored
                        ? ServerFrames.stored(
                                frame.ref(), stored.appended().position().toString(), id)
                        : ServerFrames.queued(frame.ref(), "event_id", id));
    }

    private static String conversation(String given) {
        return id("conversation", given);
    }

    private static String id(String field, String given) {
        if (!Ids.valid(given)) {
            throw ParleyException.badRequest(field + " " + Ids.RULE);
        }
        return given;
    }
}
