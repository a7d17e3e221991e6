package dev.parley.node;

import static java.util.stream.Collectors.toUnmodifiableSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.api.Operation;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.support.Await;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** What is served is in openapi.yaml, what is in openapi.yaml is served, and answers are as they are described. */
class OpenApiIT {

    private static final OpenApi SPEC = OpenApi.read();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern BRACES = Pattern.compile("\\{([^}]+)}");

    private static DisposableServer upstream;
    private static TestNode node;

    @BeforeAll
    static void start() {
        upstream = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle((request, response) -> response.header("Content-Type", TestHttp.JSON_TYPE)
                        .sendString(Mono.just("{\"object\":\"list\",\"data\":[]}")))
                .bindNow();
        node = TestNode.start(
                "upstream.url", "http://127.0.0.1:" + upstream.port() + "/v1",
                "limits.tokens.events", "100000",
                "limits.tokens.period", "1h",
                "limits.tokens.burst", "5000",
                "limits.tokens.per", "tenant");
    }

    @AfterAll
    static void stop() {
        node.close();
        upstream.disposeNow();
    }

    @Test
    void everyRouteAndNothingElseIsInIt() {
        Set<String> routes = node.gateway().routes().stream()
                .map(route -> route.method() + " " + route.template())
                .collect(toUnmodifiableSet());
        assertThat(SPEC.operations().keySet()).containsExactlyInAnyOrderElementsOf(routes);
    }

    @Test
    void anOperationHasItsNameAndItsRoles() {
        for (Operation operation : node.gateway().operations()) {
            JsonNode described = SPEC.operation(operation.method() + " " + operation.template());
            assertThat(described.path("operationId").asText()).isEqualTo(operation.name());
            Set<String> roles = StreamSupport.stream(
                            described.path("security").path(0).path("token").spliterator(), false)
                    .map(JsonNode::asText)
                    .collect(toUnmodifiableSet());
            assertThat(roles)
                    .describedAs(operation.name())
                    .isEqualTo(
                            operation.roles().stream().map(role -> role.wire()).collect(toUnmodifiableSet()));
        }
    }

    @Test
    void onlyWhatCanBeCalledHasADotInItsName() {
        Set<String> names =
                node.gateway().operations().stream().map(Operation::name).collect(toUnmodifiableSet());
        assertThat(SPEC.operations().values())
                .extracting(operation -> operation.path("operationId").asText())
                .doesNotHaveDuplicates()
                .filteredOn(name -> name.contains("."))
                .containsExactlyInAnyOrderElementsOf(names);
    }

    @Test
    void theParametersOfAPathAreDeclared() {
        for (String operation : SPEC.operations().keySet()) {
            Set<String> braces = BRACES.matcher(operation)
                    .results()
                    .map(found -> found.group(1))
                    .collect(toUnmodifiableSet());
            Set<String> declared = StreamSupport.stream(
                            SPEC.path(operation).path("parameters").spliterator(), false)
                    .map(SPEC::resolved)
                    .filter(parameter -> parameter.path("in").asText().equals("path")
                            && parameter.path("required").asBoolean())
                    .map(parameter -> parameter.path("name").asText())
                    .collect(toUnmodifiableSet());
            assertThat(declared).describedAs(operation).isEqualTo(braces);
        }
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        for (String to : SPEC.all().findValuesAsText("$ref")) {
            assertThat(SPEC.all().at(to.substring(1)).isMissingNode())
                    .describedAs(to)
                    .isFalse();
        }
    }

    @Test
    void examplesAreAsTheirSchemaSays() {
        SPEC.operations()
                .forEach((name, operation) -> operation
                        .path("requestBody")
                        .path("content")
                        .forEach(body -> {
                            JsonNode schema = body.path("schema");
                            if (body.has("example")) {
                                assertThat(SPEC.violations(schema, body.path("example")))
                                        .describedAs(name)
                                        .isEmpty();
                            }
                            body.path("examples")
                                    .forEach(example -> assertThat(SPEC.violations(schema, example.path("value")))
                                            .describedAs(name)
                                            .isEmpty());
                        }));
    }

    @Test
    void conversationsAnswerAsDescribed() {
        String c = Ids.random();
        Map<String, String> id = Map.of("id", c);
        String event = "{'event':'agent.note','event_id':'e-1','payload':{'agent':'triage'}}";
        ask("POST /v1/conversations/{id}/events", id, event, 201);
        Answer lines = TestHttp.post(
                node.http("/v1/conversations/" + c + "/events"),
                TestHttp.NDJSON_TYPE,
                BodyPublishers.ofString((event + "\n" + event).replace('\'', '"')));
        described("POST /v1/conversations/{id}/events", lines, 201);
        ask("POST /v1/conversations/{id}/events", id, "{'event':'a b','payload':{}}", 400);
        described("GET /v1/conversations/{id}/events", get("/v1/conversations/" + c + "/events?wait=0"), 200);
        described("GET /v1/conversations/{id}/events", get("/v1/conversations/" + c + "/events?wait=-1"), 400);
        ask("POST /v1/conversations/{id}/messages", id, "{'content':'hi','metadata':{'page':'/orders'}}", 201);
        ask("POST /v1/conversations/{id}/cancel", id, "{'run':'r-1','reason':'too long'}", 201);
        ask("GET /v1/ws", Map.of(), "", 426);
    }

    @Test
    void sessionsAnswerAsDescribed() {
        String c = Ids.random();
        Map<String, String> id = Map.of("id", c);
        ask(
                "POST /v1/sessions",
                Map.of(),
                "{'conversation':'" + c + "','agent':'triage','context':{'plan':{'tier':1.50}}}",
                201);
        ask("POST /v1/sessions", Map.of(), "{'conversation':'" + c + "'}", 409);
        String messages = "/v1/sessions/{id}/messages";
        ask("POST " + messages, id, "{'role':'system','content':'be kind','name':'house','tokens':4}", 201);
        ask("POST " + messages, id, "{'tool_calls':[{'id':'t-1','type':'function'}],'agent':'triage'}", 201);
        ask("POST " + messages, id, "{'role':'tool','tool_call_id':'t-1','content':[{'type':'text','text':'x'}]}", 201);
        ask("POST " + messages, id, "{'content':'x','expected_seq':3}", 201, "Idempotency-Key", "k-1");
        ask("POST " + messages, id, "{'content':'x'}", 200, "Idempotency-Key", "k-1");
        ask("POST " + messages, id, "{'content':'x'}", 409, "If-Match", "\"9\"");
        ask("POST " + messages, id, "{'content':'x','tokens':-1}", 400);
        ask("PATCH /v1/sessions/{id}", id, "{'context':{'plan':{'seats':3},'draft':null}}", 200);
        ask("POST /v1/sessions/{id}/agent", id, "{'agent':'billing','reason':'refund'}", 200);
        ask("GET /v1/sessions/{id}", id, "", 200);
        JsonNode page = ask("GET " + messages, id, "", 200).json();
        assertThat(page.path("messages")).hasSize(4);
        JsonNode message = SPEC.all().at("/components/schemas/Message");
        page.path("messages")
                .forEach(one -> assertThat(SPEC.violations(message, one)).isEmpty());
        Answer fork = ask("POST /v1/sessions/{id}/fork", id, "{'seq':2}", 201);
        described(
                "GET /v1/sessions/{id}",
                get("/v1/sessions/" + fork.json().path("conversation").asText()),
                200);
        described("GET " + messages, get("/v1/sessions/" + c + "/messages?after=1&limit=2"), 200);
        described("GET " + messages, get("/v1/sessions/" + c + "/messages?last=2&max_tokens=100"), 200);
        ask("POST /v1/sessions/{id}/complete", id, "{'expected_seq':4}", 200);
        ask("POST " + messages, id, "{'content':'late'}", 410);
        ask("DELETE /v1/sessions/{id}", id, "", 204);
        ask("GET /v1/sessions/{id}", id, "", 410);
        ask("GET /v1/sessions/{id}", Map.of("id", Ids.random()), "", 404);
    }

    @Test
    void whatIsCountedAnswersAsDescribed() {
        Map<String, String> agent = Map.of("name", Ids.random());
        ask("POST /v1/agents/{name}/resolutions", agent, "{'seconds':12.5}", 201);
        ask("POST /v1/agents/{name}/resolutions", agent, "{'seconds':3,'success':false}", 201);
        ask("POST /v1/agents/{name}/resolutions", agent, "{'seconds':-1}", 400);
        ask("GET /v1/leaderboards/{date}", Map.of("date", "today"), "", 200);
        ask("GET /v1/leaderboards/{date}", Map.of("date", "tomorrow"), "", 400);
        Map<String, String> tokens = Map.of("name", "tokens");
        ask("POST /v1/limits/{name}/take", tokens, "{'cost':500}", 200);
        String id = Ids.random();
        ask("POST /v1/limits/{name}/reserve", tokens, "{'cost':2000}", 201, "Idempotency-Key", id);
        ask("POST /v1/limits/{name}/settle", tokens, "{'reservation':'" + id + "','used':1300}", 200);
        // A node whose Redis takes longer than a second counts alone, from nothing: once, then all is used up there,
        // too.
        Await.until(
                "it is used up",
                () -> TestHttp.postJson(node.http("/v1/limits/tokens/take"), "{'cost':5000}")
                                .status()
                        == 429);
        Answer much = ask("POST /v1/limits/{name}/take", tokens, "{'cost':5000}", 429);
        assertThat(much.header("Retry-After")).isNotEmpty();
        ask("POST /v1/limits/{name}/take", Map.of("name", "none"), "{}", 404);
    }

    @Test
    void trailsAnswerAsDescribed() {
        String c = Ids.random();
        Map<String, String> none = Map.of();
        String entry = "{'conversation':'" + c + "','action':'refund.granted','details':{'amount':12.50}}";
        String key = Ids.random();
        ask("POST /v1/audit", none, entry, 201, "Idempotency-Key", key);
        ask("POST /v1/audit", none, entry, 200, "Idempotency-Key", key);
        ask("POST /v1/audit", none, "{'conversation':'" + c + "'}", 400);
        Answer page = get("/v1/audit?conversation=" + c + "&order=oldest&limit=10");
        described("GET /v1/audit", page, 200);
        JsonNode schema = SPEC.all().at("/components/schemas/AuditEntry");
        assertThat(page.json().path("entries")).isNotEmpty();
        page.json()
                .path("entries")
                .forEach(one -> assertThat(SPEC.violations(schema, one)).isEmpty());
        described("GET /v1/audit/verify", get("/v1/audit/verify?conversation=" + c), 200);
        described("GET /v1/audit/export", get("/v1/audit/export?conversation=" + c), 200);
    }

    @Test
    void theCacheAnswersAsDescribed() {
        Map<String, String> none = Map.of();
        String asked = "'request':{'model':'m','messages':[{'role':'user','content':'" + Ids.random() + "'}]}";
        String lead = "{" + asked + ",'category':'faq','lease_ms':20000}";
        JsonNode miss = ask("POST /v1/cache/lookup", none, lead, 200).json();
        String token = "'token':'" + miss.path("token").asText() + "'";
        ask("POST /v1/cache/abandon", none, "{" + asked + "," + token + "}", 200);
        ask("PUT /v1/cache/entries", none, "{" + asked + ",'response':{'text':'x'},'tags':['a'],'cost':0.5}", 201);
        ask("PUT /v1/cache/entries", none, "{" + asked + ",'response':{'text':'x'},'ttl':0}", 200);
        ask("POST /v1/cache/lookup", none, lead, 200);
        ask("POST /v1/cache/explain", none, "{" + asked + "}", 200);
        ask("POST /v1/cache/invalidate", none, "{'tags':['a'],'namespace':'n','dry_run':true}", 200);
        ask("POST /v1/cache/invalidate", none, "{'tag':'a'}", 200);
        ask("POST /v1/cache/invalidate", none, "{}", 400);
        ask("GET /v1/cache/stats", none, "", 200);
    }

    @Test
    void theModelsApiAnswersAsDescribed() {
        Map<String, String> none = Map.of();
        String chat = "{'model':'m','messages':[{'role':'user','content':'" + Ids.random() + "'}]}";
        Answer passed = ask("POST /v1/chat/completions", none, chat, 200);
        assertThat(passed.header("X-Parley-Cache")).isEqualTo("miss; reason=absent; not-stored=truncated");
        ask("POST /v1/chat/completions", none, chat, 504, "Cache-Control", "only-if-cached");
        ask("POST /v1/chat/completions", none, "{}", 400);
        ask("POST /v1/embeddings", none, "{'model':'m','input':['" + Ids.random() + "']}", 200);
        ask("POST /v1/embeddings", none, "[]", 400);
    }

    @Test
    void whatIsServedBesideAnswersAsDescribed() {
        ask("GET /parley.js", Map.of(), "", 200);
        described("GET /health/live", TestHttp.get(node.management("/health/live")), 200);
        described("GET /health/ready", TestHttp.get(node.management("/health/ready")), 200);
        described("GET /metrics", TestHttp.get(node.management("/metrics")), 200);
    }

    private static Answer get(String path) {
        return TestHttp.get(node.http(path));
    }

    /** Sends a body, in which single quotes stand for double ones, and looks at what comes back; none when it is empty. */
    @CanIgnoreReturnValue
    private static Answer ask(
            String methodAndPath, Map<String, String> parameters, String body, int status, String... headers) {
        String json = body.replace('\'', '"');
        if (!json.isEmpty() && status < 400) {
            JsonNode content = SPEC.operation(methodAndPath).path("requestBody").path("content");
            assertThat(SPEC.violations(content.path(TestHttp.JSON_TYPE).path("schema"), tree(json)))
                    .describedAs("%s %s", methodAndPath, json)
                    .isEmpty();
        }
        String[] all = new String[headers.length + 2];
        System.arraycopy(headers, 0, all, 0, headers.length);
        all[headers.length] = "Content-Type";
        all[headers.length + 1] = TestHttp.JSON_TYPE;
        int space = methodAndPath.indexOf(' ');
        URI uri = node.http(filled(methodAndPath.substring(space + 1), parameters));
        Answer answer = TestHttp.send(methodAndPath.substring(0, space), uri, BodyPublishers.ofString(json), all);
        described(methodAndPath, answer, status);
        return answer;
    }

    private static String filled(String template, Map<String, String> parameters) {
        Matcher matcher = BRACES.matcher(template);
        return matcher.replaceAll(found -> Matcher.quoteReplacement(parameters.getOrDefault(found.group(1), "")));
    }

    private static void described(String methodAndPath, Answer answer, int status) {
        String what = methodAndPath + " answered " + answer;
        assertThat(answer.status()).describedAs(what).isEqualTo(status);
        JsonNode responses = SPEC.operation(methodAndPath).path("responses");
        JsonNode response = SPEC.resolved(
                responses.has(Integer.toString(status))
                        ? responses.path(Integer.toString(status))
                        : responses.path("default"));
        assertThat(response.isMissingNode()).describedAs(what).isFalse();
        if (answer.body().isEmpty()) {
            assertThat(response.has("content")).describedAs(what).isFalse();
            return;
        }
        String type = answer.header("Content-Type").replaceAll(";.*", "");
        JsonNode content = response.path("content").path(type);
        assertThat(content.isMissingNode()).describedAs(what).isFalse();
        if (type.endsWith("/json") || type.endsWith("+json")) {
            assertThat(SPEC.violations(content.path("schema"), answer.json()))
                    .describedAs(what)
                    .isEmpty();
        }
    }

    private static JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + json, e);
        }
    }
}
