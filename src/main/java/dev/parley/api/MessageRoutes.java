package dev.parley.api;

import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.error.ParleyException;
import dev.parley.event.Utf8;
import dev.parley.http.Exchange;
import dev.parley.http.Route;
import dev.parley.inbox.UserMessages;
import dev.parley.protocol.ClientFrame;
import dev.parley.protocol.ClientFrameCodec;
import dev.parley.ratelimit.EndpointLimiter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import reactor.core.publisher.Mono;

/** {@code POST /v1/conversations/{id}/messages} and {@code …/cancel}: what a socket's {@code send} and {@code cancel} do. */
final class MessageRoutes {

    private final RequestAuthenticator callers;
    private final UserMessages inbound;
    private final int maxBody;
    private final LimitedEndpoint entrance;

    /** @param turnstile where each message is counted */
    public MessageRoutes(RequestAuthenticator callers, UserMessages inbound, int maxBody, EndpointLimiter turnstile) {
        this.callers = callers;
        this.entrance = new LimitedEndpoint(turnstile, callers);
        this.inbound = inbound;
        this.maxBody = maxBody;
    }

    public List<Route> routes() {
        return List.of(
                Route.post("/v1/conversations/{id}/messages", this::send),
                Route.post("/v1/conversations/{id}/cancel", this::cancel));
    }

    private Mono<Void> send(Exchange exchange) {
        Principal who = callers.writer(exchange, Role.USER);
        String conversation = exchange.id("id");
        String key = RequestAuthenticator.idempotencyKey(exchange);
        exchange.requireContentType("application/json");
        return exchange.body(maxBody)
                .map(body -> (ClientFrame.Send) frame("send", conversation, body))
                .map(send -> new UserMessages.Message(
                        conversation,
                        send.content(),
                        key != null ? key : send.messageId(),
                        send.metadata(),
                        send.cache()))
                .flatMap(message -> entrance.before(exchange, who, conversation, 1, inbound.send(who, message)))
                .flatMap(sent -> answer(exchange, sent));
    }

    private Mono<Void> cancel(Exchange exchange) {
        Principal who = callers.writer(exchange, Role.USER);
        String conversation = exchange.id("id");
        String key = RequestAuthenticator.idempotencyKey(exchange);
        exchange.requireContentType("application/json");
        return exchange.body(maxBody)
                .map(body -> (ClientFrame.Cancel) frame("cancel", conversation, body))
                .map(cancel -> new UserMessages.Cancel(conversation, key, cancel.run(), cancel.reason()))
                .flatMap(cancel -> inbound.cancel(who, cancel))
                .flatMap(sent -> answer(exchange, sent));
    }

    private static ClientFrame frame(String type, String conversation, byte[] body) {
        if (!Utf8.valid(body)) {
            throw ParleyException.badRequest("the body is not valid UTF-8");
        }
        return ClientFrameCodec.parseBody(type, conversation, body);
    }

    private static Mono<Void> answer(Exchange exchange, UserMessages.Sent sent) {
        boolean queued = sent.position() == null;
        String json = (queued
                        ? "{\"stored\":false,\"queued\":true,"
                        : "{\"stored\":true,\"position\":\"" + sent.position() + "\",")
                + "\"message_id\":\"" + sent.messageId() + "\"}";
        return exchange.json(queued ? 202 : 201, json.getBytes(StandardCharsets.UTF_8));
    }
}
