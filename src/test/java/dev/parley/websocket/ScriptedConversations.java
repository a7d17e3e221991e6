package dev.parley.websocket;

import dev.parley.auth.Access;
import dev.parley.auth.Principal;
import dev.parley.event.AgentEvent;
import dev.parley.event.Position;
import dev.parley.hub.Delivery;
import dev.parley.hub.Subscriber;
import dev.parley.inbox.UserCancel;
import dev.parley.inbox.UserMessage;
import dev.parley.inbox.UserMessages;
import dev.parley.protocol.ServerFrames;
import dev.parley.publish.PublishResult;
import dev.parley.store.StoredEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** Conversations that write down what a socket asks of them, and answer what the test says. */
final class ScriptedConversations implements ConversationServices {

    /** What was asked, once it was subscribed to. */
    final List<String> asked = new ArrayList<>();
    /** Who follows, by conversation. */
    final Map<String, Subscriber> followers = new HashMap<>();

    final List<UserMessage> messages = new ArrayList<>();
    final List<AgentEvent> events = new ArrayList<>();
    final List<Access> accesses = new ArrayList<>();

    Mono<Void> reviving = Mono.empty();
    Function<UserMessage, Mono<UserMessages.Sent>> sending =
            message -> Mono.just(new UserMessages.Sent(new Position(7, 1), id(message.messageId())));
    Function<UserCancel, Mono<UserMessages.Sent>> cancelling =
            cancel -> Mono.just(new UserMessages.Sent(new Position(7, 2), "made"));
    boolean admits = true;
    Function<String, Mono<Void>> admitting = conversation -> Mono.empty();
    Function<AgentEvent, Mono<PublishResult>> publishing =
            event -> Mono.just(new PublishResult.Stored(new StoredEvent(new Position(7, 3), false, "", false)));
    Mono<Void> passing = Mono.empty();

    private static String id(@Nullable String given) {
        return given == null ? "made" : given;
    }

    @Override
    public Mono<Void> revive(String conversation, Access access) {
        return asked("revive " + conversation, reviving);
    }

    @Override
    public Disposable follow(
            String conversation, Subscriber follower, Access access, @Nullable String ref, @Nullable String since) {
        asked.add("follow " + conversation + (ref == null ? "" : " ref " + ref)
                + (since == null ? "" : " since " + since));
        accesses.add(access);
        followers.put(conversation, follower);
        return () -> asked.add("leave " + conversation);
    }

    /** Something that a follower must get; its frame is an {@code ok} with that ref. */
    static Delivery delivery(String ref) {
        return new Delivery.Subscribed(null, false, null, ServerFrames.ok(ref));
    }

    static Delivery.Event ephemeral(String json) {
        return Delivery.Event.ephemeral("c", null, false, json.getBytes(StandardCharsets.UTF_8));
    }

    Subscriber follower(String conversation) {
        return Objects.requireNonNull(followers.get(conversation));
    }

    @Override
    public Mono<UserMessages.Sent> send(Principal who, UserMessage message) {
        return asked("send " + message.conversation() + " " + message.content().json(), Mono.defer(() -> {
            messages.add(message);
            return sending.apply(message);
        }));
    }

    @Override
    public Mono<UserMessages.Sent> cancel(Principal who, UserCancel cancel) {
        return asked(
                "cancel " + cancel.conversation() + " " + cancel.run() + " " + cancel.reason(),
                Mono.defer(() -> cancelling.apply(cancel)));
    }

    @Override
    public boolean admits(Principal who, String conversation) {
        return admits;
    }

    @Override
    public Mono<Void> admit(Principal who, String conversation) {
        return asked("admit " + conversation, Mono.defer(() -> admitting.apply(conversation)));
    }

    @Override
    public Mono<PublishResult> publish(Access access, AgentEvent event) {
        return asked("publish " + event.eventId(), Mono.defer(() -> {
            events.add(event);
            accesses.add(access);
            return publishing.apply(event);
        }));
    }

    @Override
    public Mono<Void> passOn(Access access, AgentEvent event) {
        return asked("pass on " + event.type(), Mono.defer(() -> {
            events.add(event);
            return passing;
        }));
    }

    private <T> Mono<T> asked(String what, Mono<T> answer) {
        return Mono.defer(() -> {
            asked.add(what);
            return answer;
        });
    }

    static String json(AgentEvent event) {
        return new String(event.bytes(), StandardCharsets.UTF_8);
    }
}
