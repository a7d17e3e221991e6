package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.protocol.CloseCode;
import dev.parley.redis.Kept;
import dev.parley.redis.TestRedis;
import dev.parley.support.LogWatch;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets in, and what they get at, where there are tokens. */
class TenancyIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";
    private static final Duration SKEW = Duration.ofSeconds(30);
    private static final Set<Role> USER = Set.of(Role.USER);
    private static final Set<Role> AGENT = Set.of(Role.AGENT);
    private static final Set<Role> BOTH = Set.of(Role.values());

    private static LogWatch log;
    private static TestNode node;

    private final String conversation = "tenancy-" + Ids.random();

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = TestNode.start(
                "auth.mode",
                "jwt",
                "auth.jwt.secret",
                SECRET,
                "auth.default-tenant",
                "house",
                "websocket.auth-timeout",
                "2s");
    }

    @AfterEach
    void nothingWentWrongInTheNode() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        log.close();
    }

    private static TokenMint mint(String secret, Duration ago) {
        return new TokenMint(secret.getBytes(UTF_8), Clock.offset(Clock.systemUTC(), ago.negated()));
    }

    private static String token(String tenant, Set<Role> roles, String... conversations) {
        return mint(SECRET, Duration.ZERO).mint("anna", tenant, roles, Set.of(conversations), Duration.ofHours(1));
    }

    /** A token that the gateway takes now, and no more when this time has passed. */
    private static String tokenFor(Duration left) {
        Duration ttl = Duration.ofMinutes(1);
        return mint(SECRET, ttl.plus(SKEW).minus(left)).mint("anna", "acme", USER, Set.of(), ttl);
    }

    private static TestSocket socket(String tenant, Set<Role> roles, String... conversations) {
        TestSocket socket = TestSocket.authorized(node.socket(), token(tenant, roles, conversations));
        assertThat(socket.next().path("type").asText()).isEqualTo("welcome");
        return socket;
    }

    /** Sends a frame about this test's conversation and takes its answer, without the ref. */
    private JsonNode ask(TestSocket socket, String frame) {
        return ask(socket, conversation, frame);
    }

    private static JsonNode ask(TestSocket socket, String conversation, String frame) {
        socket.send("{'ref':'r','conversation':'" + conversation + "'," + frame + "}");
        // What is said in a conversation that it follows may come before the answer.
        JsonNode answer = socket.next();
        while (answer.path("type").asText().equals("event")) {
            answer = socket.next();
        }
        assertThat(answer.path("ref").asText()).as("%s", answer).isEqualTo("r");
        return ((ObjectNode) answer).without("ref");
    }

    private static final String SUBSCRIBE = "'type':'subscribe'";
    private static final String UNSUBSCRIBE = "'type':'unsubscribe'";
    private static final String SEND = "'type':'send','content':'hello'";
    private static final String CANCEL = "'type':'cancel'";
    private static final String PUBLISH = "'type':'publish','event':'agent.thinking','payload':{}";
    private static final String PASS_ON = PUBLISH + ",'durable':false";

    @CanIgnoreReturnValue
    private static JsonNode assertOk(JsonNode answer) {
        assertThat(answer.path("type").asText()).as("%s", answer).isIn("ok", "subscribed");
        return answer;
    }

    @CanIgnoreReturnValue
    private static JsonNode assertError(JsonNode answer, String code) {
        assertThat(answer.path("type").asText()).as("%s", answer).isEqualTo("error");
        assertThat(answer.path("code").asText()).isEqualTo(code);
        return answer;
    }

    // Coming in.

    @Test
    void aTokenMayComeInTheHeader() {
        try (TestSocket socket = socket("acme", USER)) {
            assertOk(ask(socket, SEND));
        }
    }

    @Test
    void aTokenMayComeAsASubprotocolAndIsNotEchoed() {
        try (TestSocket socket = TestSocket.open(node.socket(), "parley.v1", "parley.token." + token("acme", USER))) {
            assertThat(socket.next().path("type").asText()).isEqualTo("welcome");
            assertThat(socket.socket().getSubprotocol()).isEqualTo("parley.v1");
            assertOk(ask(socket, SEND));
        }
    }

    @Test
    void aTokenMayComeInTheFirstFrameAndTheQuerysSubscriptionFollowsIt() {
        URI uri = URI.create(node.socket() + "?conversation=" + conversation);
        try (TestSocket socket = TestSocket.open(uri)) {
            socket.send("{'type':'auth','ref':1,'token':'" + token("acme", USER, "*") + "'}");
            JsonNode ok = socket.next();
            assertThat(ok.path("type").asText()).isEqualTo("ok");
            assertThat(ok.path("ref").asInt()).isEqualTo(1);
            assertThat(socket.next().path("type").asText()).isEqualTo("welcome");
            assertThat(socket.next().path("type").asText()).isEqualTo("subscribed");
            assertThat(socket.next().path("type").asText()).isEqualTo("snapshot");
        }
    }

    private static List<String> badTokens() {
        return List.of(
                "nonsense",
                "a.b.c",
                mint("another secret of more than thirty-two bytes", Duration.ZERO)
                        .mint("anna", "acme", USER, Set.of(), Duration.ofHours(1)),
                token("acme", USER).substring(1),
                token("acme", USER) + "x");
    }

    @Test
    void aTokenThatIsRefusedEndsTheSocketWhicheverWayItComes() {
        for (String bad : badTokens()) {
            try (TestSocket header = TestSocket.authorized(node.socket(), bad);
                    TestSocket subprotocol = TestSocket.open(node.socket(), "parley.v1", "parley.token." + bad);
                    TestSocket frame = TestSocket.open(node.socket())) {
                frame.send("{'type':'auth','ref':'r','token':'" + bad + "'}");
                for (TestSocket socket : List.of(header, subprotocol, frame)) {
                    JsonNode error = assertError(socket.next(), "unauthenticated");
                    assertThat(error.path("message").asText())
                            .startsWith("the token")
                            .doesNotContain(bad);
                    assertThat(error.path("ref").asText()).isEqualTo(socket == frame ? "r" : "");
                    assertThat(socket.closeCode()).isEqualTo(CloseCode.REFUSED.code());
                    assertThat(socket.waiting()).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'ping'}",
                "{'type':'subscribe','conversation':'c'}",
                "{'type':'send','conversation':'c','content':'x'}",
                "{'type':'auth'}",
                "{'type':'what'}",
                "[]"
            })
    void aFrameBeforeTheTokenEndsTheSocket(String frame) {
        try (TestSocket socket = TestSocket.open(node.socket())) {
            socket.send(frame);
            assertThat(socket.closeCode()).isEqualTo(CloseCode.UNREADABLE.code());
            assertThat(socket.waiting()).isZero();
        }
    }

    @Test
    void aSocketWithoutATokenIsClosedAfterAWhile() {
        try (TestSocket socket = TestSocket.open(node.socket())) {
            assertThat(socket.closeCode()).isEqualTo(CloseCode.UNREADABLE.code());
            assertThat(socket.waiting()).isZero();
        }
    }

    @Test
    void aTokenThatRunsOutEndsTheSocketUnlessAnotherCameInTime() {
        String token = tokenFor(Duration.ofSeconds(3));
        try (TestSocket refreshed = TestSocket.authorized(node.socket(), token);
                TestSocket other = TestSocket.authorized(node.socket(), token)) {
            refreshed.send("{'type':'auth','ref':1,'token':'" + token("acme", USER) + "'}");
            assertThat(refreshed.next("ok").path("ref").asInt()).isEqualTo(1);
            JsonNode goodbye = other.next("goodbye");
            assertThat(goodbye.path("code").asInt()).isEqualTo(CloseCode.EXPIRED.code());
            assertThat(goodbye.path("retry_ms")).hasSize(2);
            assertThat(other.closeCode()).isEqualTo(CloseCode.EXPIRED.code());
            // Both would have ended at the same time.
            assertOk(ask(refreshed, SEND));
        }
    }

    @Test
    void aTokenThatHasExpiredSaysComeBackWithAnotherUnlikeOneThatIsBad() {
        String expired = tokenFor(Duration.ofMinutes(-1));
        try (TestSocket handshake = TestSocket.authorized(node.socket(), expired)) {
            assertExpired(handshake);
        }
        try (TestSocket first = TestSocket.open(node.socket())) {
            assertExpired(first.send("{'type':'auth','token':'" + expired + "'}"));
        }
        try (TestSocket renewed = socket("acme", USER)) {
            assertExpired(renewed.send("{'type':'auth','token':'" + expired + "'}"));
        }
    }

    private static void assertExpired(TestSocket socket) {
        JsonNode error = socket.next("error");
        assertThat(error.path("code").asText()).isEqualTo("unauthenticated");
        assertThat(error.path("message").asText()).contains("expired");
        JsonNode goodbye = socket.next("goodbye");
        assertThat(goodbye.path("code").asInt()).isEqualTo(CloseCode.EXPIRED.code());
        assertThat(goodbye.path("retry_ms").path(0).asInt()).isPositive();
        assertThat(socket.closeCode()).isEqualTo(CloseCode.EXPIRED.code());
    }

    @Test
    void aTokenMayBeGoodForEver() {
        String token =
                mint(SECRET, Duration.ZERO).mint("anna", "acme", USER, Set.of(), Duration.ofDays(365L * 100_000));
        try (TestSocket socket = TestSocket.authorized(node.socket(), token)) {
            assertThat(socket.next().path("type").asText()).isEqualTo("welcome");
            assertOk(ask(socket, SEND));
        }
    }

    @Test
    void anotherTokenMustBeOfTheSamePerson() {
        String otherTenant = token("other", USER);
        String otherPerson = mint(SECRET, Duration.ZERO).mint("bob", "acme", USER, Set.of(), Duration.ofHours(1));
        for (String other : List.of(otherTenant, otherPerson, "nonsense")) {
            try (TestSocket socket = socket("acme", USER)) {
                socket.send("{'type':'auth','ref':1,'token':'" + other + "'}");
                assertError(socket.next(), "unauthenticated");
                assertThat(socket.closeCode()).isEqualTo(CloseCode.REFUSED.code());
            }
        }
    }

    @Test
    void anotherTokenMayHaveOtherRoles() {
        try (TestSocket socket = socket("acme", USER)) {
            assertError(ask(socket, PUBLISH), "forbidden");
            socket.send("{'type':'auth','ref':'r','token':'" + token("acme", BOTH) + "'}")
                    .next("ok");
            assertOk(ask(socket, PUBLISH));
        }
    }

    @Test
    void pagesOfAnyOriginMayComeWithAToken() {
        Answer answer = TestHttp.postJson(
                messages(conversation),
                "{'content':'x'}",
                "Origin",
                "https://shop.example",
                "Authorization",
                "Bearer " + token("acme", USER));
        assertThat(answer.status()).as("%s", answer).isEqualTo(201);
    }

    // Roles.

    @Test
    void aUserMayNotPublishAndAnAgentMayNotSpeakForAPerson() {
        try (TestSocket user = socket("acme", USER);
                TestSocket agent = socket("acme", AGENT)) {
            assertError(ask(user, PUBLISH), "forbidden");
            assertError(ask(user, PASS_ON), "forbidden");
            assertError(ask(agent, SEND), "forbidden");
            assertError(ask(agent, CANCEL), "forbidden");
            assertThat(Kept.log(conversation)).isEmpty();
            assertOk(ask(agent, PUBLISH));
            assertOk(ask(user, SEND));
        }
    }

    @Test
    void agentsMayFollowTheirConversationsToo() {
        try (TestSocket agent = socket("acme", AGENT);
                TestSocket user = socket("acme", USER)) {
            assertOk(ask(user, SEND));
            assertOk(ask(agent, SUBSCRIBE));
            assertThat(agent.next().path("type").asText()).isEqualTo("snapshot");
            assertOk(ask(user, SEND));
            assertThat(agent.next().at("/event/event").asText()).isEqualTo("user.message");
        }
    }

    @Test
    void aTokenWithoutARoleMayDoNothing() {
        try (TestSocket nobody = socket("acme", Set.of(), conversation)) {
            for (String frame : List.of(SUBSCRIBE, SEND, CANCEL, PUBLISH, PASS_ON)) {
                assertError(ask(nobody, frame), "forbidden");
            }
        }
    }

    // Tenants.

    @Test
    void anotherTenantsConversationDoesNotExist() {
        try (TestSocket acme = socket("acme", BOTH);
                TestSocket other = socket("other", BOTH)) {
            assertOk(ask(acme, SEND));
            for (String frame : List.of(SUBSCRIBE, SEND, CANCEL, PUBLISH, PASS_ON)) {
                JsonNode theirs = assertError(ask(other, frame), "not_found");
                JsonNode nobodys = ask(other, "nobodys-" + Ids.random(), SUBSCRIBE);
                assertThat(theirs).as(frame).isEqualTo(nobodys);
            }
            assertThat(Kept.log(conversation)).hasSize(1);
            assertThat(Kept.inbox("triage", conversation)).hasSize(1);
            assertOk(ask(acme, SUBSCRIBE));
        }
    }

    @Test
    void whatDoesNotExistCanNotBeFollowedOrCancelledButBeBegun() {
        try (TestSocket acme = socket("acme", BOTH)) {
            for (String frame : List.of(SUBSCRIBE, CANCEL, PASS_ON)) {
                assertError(ask(acme, frame), "not_found");
            }
            assertThat(Kept.log(conversation)).isEmpty();
            assertOk(ask(acme, SEND));
            for (String frame : List.of(CANCEL, PASS_ON)) {
                assertOk(ask(acme, frame));
            }
            assertThat(ask(acme, SUBSCRIBE).path("resumed").asBoolean(true)).isFalse();
            assertThat(acme.next().at("/session/tenant_id").asText()).isEqualTo("acme");
        }
    }

    @Test
    void theFirstToPublishBindsAConversationToo() {
        try (TestSocket acme = socket("acme", AGENT);
                TestSocket other = socket("other", BOTH)) {
            assertOk(ask(acme, PUBLISH));
            assertError(ask(other, SUBSCRIBE), "not_found");
            assertError(ask(other, SEND), "not_found");
            assertOk(ask(acme, SUBSCRIBE));
        }
    }

    @Test
    void theGrantOfAnyFollowsWhatDoesNotExistYetAndNobodyElses() {
        try (TestSocket any = socket("acme", USER, "*");
                TestSocket other = socket("other", USER, "*")) {
            assertThat(ask(any, SUBSCRIBE).path("position").asText()).isEqualTo("0");
            assertThat(any.next("snapshot").path("position").asText()).isEqualTo("0");
            assertOk(ask(other, SEND));
            assertError(any.next(), "not_found");
            assertOk(ask(other, SEND));
            assertOk(ask(any, conversation + "-mine", SUBSCRIBE));
            assertThat(any.next().path("type").asText()).isEqualTo("snapshot");
            try (TestSocket friend = socket("acme", USER)) {
                assertOk(ask(friend, conversation + "-mine", SEND));
                assertThat(any.next().at("/event/event").asText()).isEqualTo("user.message");
                assertOk(ask(friend, conversation + "-mine", SEND));
                assertThat(any.next().at("/event/event").asText()).isEqualTo("user.message");
            }
            String theirs = conversation + "-theirs";
            assertOk(ask(other, theirs, SEND));
            for (String frame : List.of(SUBSCRIBE, SEND, CANCEL)) {
                assertError(ask(any, theirs, frame), "not_found");
            }
        }
    }

    @Test
    void aGrantByNameReachesPastTheTenant() {
        try (TestSocket acme = socket("acme", USER);
                TestSocket guest = socket("other", BOTH, conversation)) {
            assertOk(ask(acme, SEND));
            for (String frame : List.of(SEND, CANCEL, PUBLISH, PASS_ON, SUBSCRIBE)) {
                assertOk(ask(guest, frame));
            }
            assertThat(guest.next().at("/session/tenant_id").asText())
                    .as("still")
                    .isEqualTo("acme");
            assertError(ask(guest, conversation + "-other", SUBSCRIBE), "not_found");
        }
    }

    @Test
    void whatOnlyAgentsWroteToBelongsToTheDefaultTenant() {
        assertThat(TestRedis.commands()
                        .xadd(
                                "agent:events:stream",
                                Map.of(
                                        "event",
                                        "agent.thinking",
                                        "payload",
                                        "{\"conversation_id\":\"" + conversation + "\"}")))
                .isNotNull();
        try (TestSocket house = socket("house", BOTH, "*");
                TestSocket acme = socket("acme", BOTH, "*");
                TestSocket granted = socket("acme", BOTH, conversation)) {
            assertOk(ask(house, SUBSCRIBE));
            // It may come to be before this or behind it.
            boolean empty = house.next().path("position").asText().equals("0");
            assertThat(empty ? house.next().path("type").asText() : "event").isEqualTo("event");
            for (String frame : List.of(SUBSCRIBE, SEND, CANCEL, PUBLISH, PASS_ON)) {
                assertError(ask(acme, frame), "not_found");
            }
            assertOk(ask(house, UNSUBSCRIBE));
            assertOk(ask(granted, PUBLISH));
            assertOk(ask(granted, SEND));
            assertOk(ask(acme, SUBSCRIBE));
            assertError(ask(house, SUBSCRIBE), "not_found");
        }
    }

    @Test
    void anInboxSaysWhoseAMessageIs() {
        try (TestSocket acme = socket("acme", USER)) {
            assertOk(ask(acme, SEND));
        }
        assertThat(Kept.inbox("triage", conversation).get(0)).containsEntry("tenant_id", "acme");
        assertThat(Kept.events(conversation).get(0).at("/payload/user").asText())
                .isEqualTo("anna");
    }

    // The same over HTTP.

    private static URI messages(String conversation) {
        return node.http("/v1/conversations/" + conversation + "/messages");
    }

    @Test
    void httpAsksForTheTokenTheRoleAndTheTenant() {
        URI events = node.http("/v1/conversations/" + conversation + "/events");
        URI cancel = node.http("/v1/conversations/" + conversation + "/cancel");
        for (URI uri : List.of(events, messages(conversation), cancel)) {
            Answer none = TestHttp.postJson(uri, "{}");
            assertThat(none.status()).isEqualTo(401);
            assertThat(none.header("WWW-Authenticate")).isEqualTo("Bearer");
            assertThat(none.json().path("code").asText()).isEqualTo("unauthenticated");
            for (String bad : badTokens()) {
                assertThat(TestHttp.postJson(uri, "{}", "Authorization", "Bearer " + bad)
                                .status())
                        .isEqualTo(401);
            }
        }
        String user = "Bearer " + token("acme", USER);
        String agent = "Bearer " + token("acme", AGENT);
        String other = "Bearer " + token("other", BOTH);
        String event = "{'event':'agent.thinking','payload':{}}";
        assertThat(TestHttp.postJson(events, event, "Authorization", user).status())
                .isEqualTo(403);
        assertThat(TestHttp.postJson(messages(conversation), "{'content':'x'}", "Authorization", agent)
                        .status())
                .isEqualTo(403);
        assertThat(TestHttp.postJson(cancel, "{}", "Authorization", agent).status())
                .isEqualTo(403);
        assertThat(TestHttp.postJson(cancel, "{}", "Authorization", user).status())
                .isEqualTo(404);
        assertThat(Kept.log(conversation)).isEmpty();
        assertThat(TestHttp.postJson(messages(conversation), "{'content':'x'}", "Authorization", user)
                        .status())
                .isEqualTo(201);
        for (Answer answer : List.of(
                TestHttp.postJson(events, event, "Authorization", other),
                TestHttp.postJson(messages(conversation), "{'content':'x'}", "Authorization", other),
                TestHttp.postJson(cancel, "{}", "Authorization", other))) {
            assertThat(answer.status()).as("%s", answer).isEqualTo(404);
            assertThat(answer.json().path("code").asText()).isEqualTo("not_found");
        }
        assertThat(Kept.log(conversation)).hasSize(1);
    }
}
