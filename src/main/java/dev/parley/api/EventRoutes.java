package dev.parley.api;

import dev.parley.auth.Access;
import dev.parley.auth.AuditListener;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.event.InvalidEventException;
import dev.parley.http.Exchange;
import dev.parley.http.ProblemException;
import dev.parley.http.Route;
import dev.parley.publish.PublishResult;
import dev.parley.publish.Publisher;
import dev.parley.ratelimit.EndpointLimiter;
import dev.parley.session.Sessions;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code POST /v1/conversations/{id}/events}: one event as JSON, or a batch as NDJSON, a line each. */
final class EventRoutes {

    private static final String JSON = "application/json";
    private static final String NDJSON = "application/x-ndjson";
    private static final int LINES_AT_ONCE = 256;

    private final RequestAuthenticator callers;
    private final AuditListener witness;
    private final Publisher publisher;
    private final int maxBody;
    private final LimitedEndpoint entrance;
    private final Sessions sessions;

    /** @param turnstile where each event is counted */
    public EventRoutes(
            RequestAuthenticator callers,
            Publisher publisher,
            Sessions sessions,
            int maxBody,
            EndpointLimiter turnstile,
            AuditListener witness) {
        this.callers = callers;
        this.sessions = sessions;
        this.entrance = new LimitedEndpoint(turnstile, callers);
        this.witness = witness;
        this.publisher = publisher;
        this.maxBody = maxBody;
    }

    public List<Route> routes() {
        return List.of(Route.post("/v1/conversations/{id}/events", this::publish));
    }

    private Mono<Void> publish(Exchange exchange) {
        Principal who = callers.writer(exchange, Role.AGENT);
        String conversation = exchange.id("id");
        Access access = who.access(conversation);
        String key = RequestAuthenticator.idempotencyKey(exchange);
        Mono<Void> published = switch (exchange.contentType()) {
            case JSON -> one(exchange, who, conversation, access, key);
            case NDJSON -> many(exchange, who, conversation, access, key);
            default ->
                throw ProblemException.of(
                        HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type must be " + JSON + " or " + NDJSON);
        };
        return published.doOnError(
                e -> ParleyException.is(e, ErrorCode.NOT_FOUND), e -> witness.refused(who, conversation, "publish"));
    }

    private Mono<Void> one(Exchange exchange, Principal who, String conversation, Access access, @Nullable String key) {
        return exchange.body(maxBody)
                .map(body -> event(body, conversation, key))
                .flatMap(event -> entrance.before(
                                exchange,
                                who,
                                conversation,
                                1,
                                sessions.admit(who, conversation).then(publisher.publish(access, event)))
                        .flatMap(published -> published instanceof PublishResult.Stored
                                ? exchange.json(201, bytes("{\"stored\":true," + result(event, published) + "}"))
                                : exchange.json(202, bytes("{\"stored\":false," + result(event, published) + "}"))));
    }

    private Mono<Void> many(
            Exchange exchange, Principal who, String conversation, Access access, @Nullable String key) {
        return exchange.body(maxBody)
                .map(body -> events(body, conversation, key))
                .flatMap(events -> entrance.before(
                        exchange,
                        who,
                        conversation,
                        events.size(),
                        sessions.admit(who, conversation).then(published(access, events))))
                .flatMap(lines -> answer(exchange, lines));
    }

    private Mono<List<Line>> published(Access access, List<AgentEvent> events) {
        return Flux.fromIterable(events)
                .flatMapSequential(
                        event -> publisher.publish(access, event).map(published -> new Line(event, published)),
                        LINES_AT_ONCE)
                .collectList();
    }

    private record Line(AgentEvent event, PublishResult published) {

        boolean queued() {
            return published instanceof PublishResult.Queued;
        }
    }

    private static Mono<Void> answer(Exchange exchange, List<Line> lines) {
        boolean queued = lines.stream().anyMatch(Line::queued);
        String results = lines.stream()
                .map(line -> "{" + result(line.event, line.published) + "}")
                .collect(Collectors.joining(",", "\"events\":[", "]}"));
        return queued
                ? exchange.json(202, bytes("{\"stored\":false,\"queued\":true," + results))
                : exchange.json(201, bytes("{\"stored\":true," + results));
    }

    private static String result(AgentEvent event, PublishResult published) {
        String id = "\"event_id\":\"" + event.eventId() + "\"";
        return published instanceof PublishResult.Stored stored
                ? "\"position\":\"" + stored.appended().position() + "\"," + id + ",\"duplicate\":"
                        + stored.appended().duplicate()
                : "\"queued\":true," + id;
    }

    /** All lines are read before any is appended. */
    private static List<AgentEvent> events(byte[] body, String conversation, @Nullable String key) {
        List<AgentEvent> events = new ArrayList<>();
        int line = 0;
        for (int from = 0; from < body.length; ) {
            int to = from;
            while (to < body.length && body[to] != '\n') {
                to++;
            }
            line++;
            byte[] text = Arrays.copyOfRange(body, from, to);
            if (!isBlank(text)) {
                try {
                    events.add(event(text, conversation, key == null ? null : key + "." + line));
                } catch (ParleyException refusal) {
                    throw ParleyException.of(refusal.code(), "line " + line + ": " + refusal.getMessage());
                }
            }
            from = to + 1;
        }
        if (events.isEmpty()) {
            throw ParleyException.badRequest("the body has no events: one JSON object a line");
        }
        return events;
    }

    private static boolean isBlank(byte[] text) {
        for (byte b : text) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }

    private static AgentEvent event(byte[] body, String conversation, @Nullable String key) {
        try {
            AgentEvent event = EventCodec.parse(body, conversation);
            String id = key != null ? key : event.eventId() != null ? event.eventId() : Ids.random();
            if (!Ids.valid(id)) {
                throw ParleyException.badRequest("Idempotency-Key with the line number " + Ids.RULE);
            }
            return event.withEventId(id);
        } catch (InvalidEventException e) {
            throw ParleyException.of(
                    e.tooLarge() ? ErrorCode.TOO_LARGE : ErrorCode.BAD_REQUEST, Objects.requireNonNull(e.getMessage()));
        }
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
