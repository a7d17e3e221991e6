package dev.parley.api;

import static io.netty.handler.codec.http.HttpMethod.DELETE;
import static io.netty.handler.codec.http.HttpMethod.GET;
import static io.netty.handler.codec.http.HttpMethod.PATCH;
import static io.netty.handler.codec.http.HttpMethod.POST;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Principal;
import dev.parley.error.ParleyException;
import dev.parley.event.Ids;
import dev.parley.protocol.MessageContent;
import dev.parley.session.NewMessage;
import dev.parley.session.ReadSource;
import dev.parley.session.SessionView;
import dev.parley.session.Sessions;
import dev.parley.store.SessionMessage;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** {@code /v1/sessions}: everybody reads their own, agents change them. */
final class SessionOperations {

    private static final Set<String> ROLES = Set.of("user", "assistant", "system", "tool");
    private static final int MAX_PAGE = 1_000;
    private static final int PAGE = 100;

    private final Sessions sessions;

    public SessionOperations(Sessions sessions) {
        this.sessions = sessions;
    }

    public List<Operation> operations() {
        return List.of(
                Operation.ofAgents("session.create", POST, "/v1/sessions", this::create),
                Operation.ofAnybody("session.get", GET, "/v1/sessions/{id}", this::get),
                Operation.ofAgents("session.update", PATCH, "/v1/sessions/{id}", this::update),
                Operation.ofAgents("session.delete", DELETE, "/v1/sessions/{id}", this::delete),
                Operation.ofAgents("session.append", POST, "/v1/sessions/{id}/messages", this::append),
                Operation.ofAnybody("session.messages", GET, "/v1/sessions/{id}/messages", this::messages),
                Operation.ofAgents("session.handoff", POST, "/v1/sessions/{id}/agent", this::handOff),
                Operation.ofAgents("session.complete", POST, "/v1/sessions/{id}/complete", this::complete),
                Operation.ofAgents("session.fork", POST, "/v1/sessions/{id}/fork", this::fork));
    }

    private Mono<Operation.Result> create(Principal who, RequestParameters params) {
        String tenant = params.optionalId("tenant");
        if (tenant != null && !tenant.equals(who.tenant())) {
            throw ParleyException.badRequest("tenant must be the token's own: it may be left out");
        }
        String conversation = Objects.requireNonNullElseGet(params.optionalId("conversation"), Ids::random);
        return sessions.create(
                        who,
                        conversation,
                        params.optionalId("agent"),
                        context(params),
                        params.optionalId("idempotency_key"))
                .map(changed -> changed(201, changed));
    }

    private Mono<Operation.Result> get(Principal who, RequestParameters params) {
        String id = params.id("id");
        return sessions.get(who, id).map(read -> Operation.Result.ok(session(id, read)));
    }

    private Mono<Operation.Result> update(Principal who, RequestParameters params) {
        Map<String, String> context = context(params);
        if (context.isEmpty()) {
            throw ParleyException.badRequest("context is missing: a JSON object of what is to be changed");
        }
        return sessions.update(who, params.id("id"), context, params.optionalId("idempotency_key"))
                .map(changed -> changed(200, changed));
    }

    private Mono<Operation.Result> delete(Principal who, RequestParameters params) {
        return sessions.delete(who, params.id("id"), params.optionalId("idempotency_key"))
                .map(changed -> Operation.Result.empty());
    }

    private Mono<Operation.Result> handOff(Principal who, RequestParameters params) {
        return sessions.handOff(
                        who,
                        params.id("id"),
                        params.id("agent"),
                        params.optionalText("reason"),
                        params.optionalId("idempotency_key"))
                .map(changed -> changed(200, changed));
    }

    private Mono<Operation.Result> complete(Principal who, RequestParameters params) {
        return sessions.complete(who, params.id("id"), expected(params), params.optionalId("idempotency_key"))
                .map(changed -> changed(200, changed));
    }

    private Mono<Operation.Result> fork(Principal who, RequestParameters params) {
        String to = Objects.requireNonNullElseGet(params.optionalId("conversation"), Ids::random);
        return sessions.fork(
                        who,
                        params.id("id"),
                        params.integer("seq", 0, Integer.MAX_VALUE),
                        to,
                        params.optionalId("idempotency_key"))
                .map(changed -> changed(201, changed));
    }

    private Mono<Operation.Result> append(Principal who, RequestParameters params) {
        return sessions.append(
                        who, params.id("id"), message(params), expected(params), params.optionalId("idempotency_key"))
                .map(changed -> new Operation.Result(
                        changed.repeated() ? 200 : 201,
                        bytes("{\"conversation\":\"" + changed.conversation() + "\",\"seq\":"
                                + (changed.seq() == 0 ? "null" : changed.seq()) + ",\"position\":\""
                                + changed.position() + "\",\"message_count\":"
                                + changed.session().number("message_count") + ",\"duplicate\":" + changed.repeated()
                                + "}")));
    }

    private Mono<Operation.Result> messages(Principal who, RequestParameters params) {
        String id = params.id("id");
        if (params.has("after")) {
            int limit = (int) params.integer("limit", 1, MAX_PAGE, PAGE);
            return sessions.history(who, id, params.integer("after", 0, Integer.MAX_VALUE), limit)
                    .map(read -> Operation.Result.ok(page(id, read)));
        }
        int last = (int) params.integer("last", 1, Sessions.WINDOW, Sessions.WINDOW);
        long tokens = params.integer("max_tokens", 1, Long.MAX_VALUE, Long.MAX_VALUE);
        return sessions.window(who, id, last, tokens).map(read -> Operation.Result.ok(page(id, read)));
    }

    /** Where a page ends is where the next one begins: {@code after=<next>}; null when there is no more. */
    private static byte[] page(String id, SessionView read) {
        List<SessionMessage> messages = read.messages();
        long count = read.session().number("message_count");
        long last =
                messages.isEmpty() ? count : messages.get(messages.size() - 1).seq();
        return bytes("{\"conversation\":\"" + id + "\",\"messages\":"
                + messages.stream().map(SessionMessage::json).collect(Collectors.joining(",", "[", "]"))
                + ",\"message_count\":" + count + ",\"next\":" + (last < count ? last : "null") + ",\"source\":\""
                + read.source().wire() + "\"}");
    }

    private static NewMessage message(RequestParameters params) {
        String role = params.word("role", ROLES, "assistant");
        String callId = params.optionalText("tool_call_id");
        if (role.equals("tool") && callId == null) {
            throw ParleyException.badRequest("tool_call_id is missing: a tool's result names the call that it answers");
        }
        if (callId != null && !Ids.validToolCall(callId)) {
            throw ParleyException.badRequest("tool_call_id " + Ids.TOOL_CALL_RULE);
        }
        return new NewMessage(
                role,
                content(params),
                params.integer("tokens", 0, Integer.MAX_VALUE, 0),
                params.optionalId("agent"),
                params.optionalId("message_id"),
                params.optionalText("name"),
                toolCalls(params, role),
                callId,
                params.flag("pinned", role.equals("system")));
    }

    /** A string, or content parts as OpenAI has them: objects with a type each. */
    private static String content(RequestParameters params) {
        JsonNode content = params.json("content");
        if (content == null && params.has("tool_calls")) {
            return "\"\"";
        }
        if (content == null) {
            throw ParleyException.badRequest("content is missing: it must be a string or an array of content parts");
        }
        return MessageContent.of(content).json();
    }

    private static @Nullable String toolCalls(RequestParameters params, String role) {
        JsonNode calls = params.json("tool_calls");
        if (calls == null) {
            return null;
        }
        boolean right = calls.isArray() && role.equals("assistant");
        for (JsonNode call : calls) {
            right &= call.path("id").isTextual();
        }
        if (!right) {
            throw ParleyException.badRequest(
                    "tool_calls must be an array of calls with their ids, of an assistant's message");
        }
        return calls.toString();
    }

    private static Map<String, String> context(RequestParameters params) {
        Map<String, String> context = new LinkedHashMap<>();
        ObjectNode given = params.optionalObject("context");
        if (given != null) {
            given.properties().forEach(field -> {
                if (!Ids.valid(field.getKey())) {
                    throw ParleyException.badRequest("a name in context " + Ids.RULE);
                }
                context.put(field.getKey(), field.getValue().toString());
            });
        }
        return context;
    }

    private static @Nullable Long expected(RequestParameters params) {
        String quoted = params.optionalText("if_match");
        if (quoted == null) {
            return params.optionalInteger("expected_seq", 0, Integer.MAX_VALUE);
        }
        String number = quoted.replaceAll("^\"|\"$", "");
        if (!number.matches("[0-9]{1,9}")) {
            throw ParleyException.badRequest("If-Match must be the number of the session's last message");
        }
        return Long.valueOf(number);
    }

    private static Operation.Result changed(int status, Sessions.Changed changed) {
        byte[] json = bytes(changed.session().json(changed.conversation(), ReadSource.LIVE.wire()));
        return new Operation.Result(changed.repeated() ? 200 : status, json);
    }

    private static byte[] session(String id, SessionView read) {
        return bytes(read.session().json(id, read.source().wire()));
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
