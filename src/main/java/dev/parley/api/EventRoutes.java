package dev.parley.api;

import dev.parley.auth.Access;
import dev.parley.auth.Principal;
import dev.parley.auth.Role;
import dev.parley.auth.Witness;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.event.Ids;
import dev.parley.event.InvalidEventException;
import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Route;
import dev.parley.log.Published;
import dev.parley.log.Publisher;
import dev.parley.ratelimit.Turnstile;
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
public final class EventRoutes {

    private static final String JSON = "application/json";
    private static final String NDJSON = "application/x-ndjson";
    private static final int LINES_AT_ONCE = 256;

    private final Callers callers;
    private final Witness witness;
    private final Publisher publisher;
    private final int maxBody;
    private final Entrance entrance;
    private final Sessions sessions;

    /** @param turnstile where each event is counted */
    public EventRoutes(
            Callers callers,
            Publisher publisher,
            Sessions sessions,
            int maxBody,
            Turnstile turnstile,
            Witness witness) {
        this.callers = callers;
        this.sessions = sessions;
        this.entrance = new Entrance(turnstile, callers);
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
        String key = Callers.idempotencyKey(exchange);
        Mono<Void> published = switch (exchange.contentType()) {
            case JSON -> one(exchange, who, conversation, access, key);
            case NDJSON -> many(exchange, who, conversation, access, key);
            default ->
                throw Problem.of(
                                HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
                                "Content-Type must be " + JSON + " or " + NDJSON)
                        .exception();
        };
        return published.doOnError(
                e -> Refusal.is(e, ErrorCode.NOT_FOUND), e -> witness.refused(who, conversation, "publish"));
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
                        .flatMap(published -> published instanceof Published.Stored
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

    private record Line(AgentEvent event, Published published) {

        boolean queued() {
            return published instanceof Published.Queued;
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

    private static String result(AgentEvent event, Published published) {
        String id = "\"event_id\":\"" + event.eventId() + "\"";
        return published instanceof Published.Stored stored
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
                } catch (Refusal refusal) {
                    throw Refusal.of(refusal.code(), "line " + line + ": " + refusal.getMessage());
                }
            }
            from = to + 1;
        }
        if (events.isEmpty()) {
            throw Refusal.badRequest("the body has no events: one JSON object a line");
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
                throw Refusal.badRequest("Idempotency-Key with the line number " + Ids.RULE);
            }
            return event.withEventId(id);
        } catch (InvalidEventException e) {
            throw Refusal.of(
                    e.tooLarge() ? ErrorCode.TOO_LARGE : ErrorCode.BAD_REQUEST, Objects.requireNonNull(e.getMessage()));
        }
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
