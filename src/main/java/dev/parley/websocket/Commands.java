package dev.parley.websocket;

import dev.parley.auth.Access;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.event.Position;
import dev.parley.frame.ClientFrame;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Frame;
import dev.parley.frame.Refusal;
import dev.parley.frame.ServerFrames;
import dev.parley.log.Published;
import dev.parley.ratelimit.Turnstile;
import dev.parley.session.Inbound;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Mono;

/** What a socket's frames ask for, done. */
final class Commands {

    private final Services services;
    private final int maxConversations;
    private final Outbox outbox;
    private final Map<String, Following> followings;
    private final String address;
    private final OneByOne oneByOne = new OneByOne();
    private final InTurn publishing = new InTurn();

    /** @param address where the client is */
    Commands(
            Services services, int maxConversations, Outbox outbox, Map<String, Following> followings, String address) {
        this.address = address;
        this.services = services;
        this.maxConversations = maxConversations;
        this.outbox = outbox;
        this.followings = followings;
    }

    /**
     * Does what a frame asks for.
     *
     * @return the answer; empty where the hub answers or nobody does
     */
    Mono<Frame> run(Principal who, ClientFrame frame) {
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

    private Mono<Frame> subscribe(Principal who, ClientFrame.Subscribe frame) {
        who.requireAnyRole();
        String conversation = conversation(frame.conversation());
        Following before = followings.remove(conversation);
        if (before != null) {
            before.dispose();
        }
        if (followings.size() >= maxConversations) {
            throw Refusal.badRequest("a socket follows at most " + maxConversations + " conversations");
        }
        Following following = new Following(outbox, frame.ref(), (refused, why) -> {
            followings.remove(conversation, refused);
            if (why.code() == ErrorCode.NOT_FOUND) {
                services.witness().refused(who, conversation, "subscribe");
            }
        });
        followings.put(conversation, following);
        Access access = who.access(conversation);
        return services.sessions()
                .revive(conversation, access)
                .then(Mono.<Frame>fromRunnable(() -> following.seated(
                        services.hub().follow(conversation, following, access, frame.ref(), frame.since()))))
                .onErrorResume(Refusal.class, refusal -> {
                    following.refused(refusal);
                    return Mono.empty();
                });
    }

    private Mono<Frame> unsubscribe(ClientFrame.Unsubscribe frame) {
        leave(conversation(frame.conversation()));
        return Mono.just(ServerFrames.ok(frame.ref()));
    }

    private void leave(String conversation) {
        Following following = followings.remove(conversation);
        if (following != null) {
            following.dispose();
        }
    }

    private Mono<Frame> send(Principal who, ClientFrame.Send frame) {
        who.require(Role.USER);
        Inbound.Message message = new Inbound.Message(
                conversation(frame.conversation()),
                frame.content(),
                frame.messageId(),
                frame.metadata(),
                frame.cache());
        Mono<Inbound.Sent> send = services.inbound().send(who, message);
        Turnstile turnstile = services.turnstiles().send();
        return oneByOne.run(
                        turnstile.isOpen()
                                ? send
                                : turnstile
                                        .pass(who, message.conversation(), address, 1)
                                        .then(send))
                .map(sent -> sent(frame, sent));
    }

    private Mono<Frame> cancel(Principal who, ClientFrame.Cancel frame) {
        who.require(Role.USER);
        Inbound.Cancel cancel =
                new Inbound.Cancel(conversation(frame.conversation()), null, frame.run(), frame.reason());
        return oneByOne.run(services.inbound().cancel(who, cancel)).map(sent -> sent(frame, sent));
    }

    private static Frame sent(ClientFrame frame, Inbound.Sent sent) {
        Position position = sent.position();
        return position == null
                ? ServerFrames.queued(frame.ref(), "message_id", sent.messageId())
                : ServerFrames.sent(frame.ref(), position.toString(), sent.messageId());
    }

    private Mono<Frame> publish(Principal who, ClientFrame.Publish frame) {
        who.require(Role.AGENT);
        String conversation = conversation(frame.conversation());
        String id = frame.eventId() == null ? Ids.random() : id("event_id", frame.eventId());
        String now = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        AgentEvent event = EventCodec.assemble(id("event", frame.event()), id, now, frame.payload(), conversation);
        Mono<Frame> published = published(frame, event, who.access(conversation));
        return (needsNoCheck(who, conversation)
                        ? published
                        : publishing.check(mayPublish(who, conversation)).then(published))
                .doOnError(
                        e -> Refusal.is(e, ErrorCode.NOT_FOUND),
                        e -> services.witness().refused(who, conversation, "publish"));
    }

    private boolean needsNoCheck(Principal who, String conversation) {
        return services.turnstiles().publish().isOpen()
                && services.sessions().admits(who, conversation)
                && publishing.isIdle();
    }

    private Mono<Void> mayPublish(Principal who, String conversation) {
        Turnstile turnstile = services.turnstiles().publish();
        Mono<Void> counted = turnstile.isOpen()
                ? Mono.empty()
                : turnstile.pass(who, conversation, address, 1).then();
        return counted.then(services.sessions().admit(who, conversation));
    }

    private Mono<Frame> published(ClientFrame.Publish frame, AgentEvent event, Access access) {
        if (!frame.durable()) {
            return services.log().passOn(event, access).thenReturn(ServerFrames.passedOn(frame.ref()));
        }
        String id = Objects.requireNonNull(event.eventId());
        return services.publisher()
                .publish(access, event)
                .map(published -> published instanceof Published.Stored stored
                        ? ServerFrames.stored(
                                frame.ref(), stored.appended().position().toString(), id)
                        : ServerFrames.queued(frame.ref(), "event_id", id));
    }

    private static String conversation(String given) {
        return id("conversation", given);
    }

    private static String id(String field, String given) {
        if (!Ids.valid(given)) {
            throw Refusal.badRequest(field + " " + Ids.RULE);
        }
        return given;
    }
}
