package dev.parley.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Limits that agents ask about, over HTTP and by {@code call}. Each test has a tenant of its own. */
class LimitsApiIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";

    private static LogWatch log;
    private static TestNode node;

    private final String tenant = "limits-" + Ids.random();
    private final String agent = token(tenant, Role.AGENT);

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = TestNode.start(
                "auth.mode",
                "jwt",
                "auth.jwt.secret",
                SECRET,
                "limits.search.events",
                "3",
                "limits.search.period",
                "1h",
                "limits.whole-house.events",
                "100",
                "limits.whole-house.period",
                "1h",
                "limits.whole-house.per",
                "tenant",
                "limits.calm.events",
                "3",
                "limits.calm.per",
                "conversation",
                "limits.tokens.events",
                "100000",
                "limits.tokens.period",
                "30d",
                "limits.tokens.burst",
                "5000",
                "limits.send.events",
                "3");
    }

    @AfterEach
    void noRequestIsTheNodesFault() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        log.close();
    }

    private static String token(String tenant, Role role) {
        return new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint("somebody", tenant, Set.of(role), Set.of(), Duration.ofHours(1));
    }

    private Answer ask(String path, String json, String... headers) {
        return askAs(agent, path, json, headers);
    }

    private static Answer askAs(String token, String path, String json, String... headers) {
        String[] all = new String[headers.length + 2];
        all[0] = "Authorization";
        all[1] = "Bearer " + token;
        System.arraycopy(headers, 0, all, 2, headers.length);
        return TestHttp.postJson(node.http("/v1/limits/" + path), json, all);
    }

    @Test
    void whatIsAllowedSaysWhatIsLeft() {
        Answer answer = ask("search/take", "{'key':'alice'}");
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        assertThat(answer.json().path("limit").asText()).isEqualTo("search");
        assertThat(answer.json().path("remaining").asInt()).isEqualTo(2);
        assertThat(answer.json().path("reset_ms").asInt()).isBetween(1_190_000, 1_200_000);
        assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"search\";q=3;w=3600");
        assertThat(answer.header("RateLimit")).startsWith("\"search\";r=2;t=1").hasSize(19);
        assertThat(answer.header("Retry-After")).isEmpty();
    }

    @Test
    void whatIsTooMuchIsRefusedUntilItSays() {
        assertThat(ask("search/take", "{'key':'alice','cost':3}").status()).isEqualTo(200);
        Answer refused = ask("search/take", "{'key':'alice'}");
        assertThat(refused.status()).as("%s", refused).isEqualTo(429);
        assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(refused.json().path("code").asText()).isEqualTo("rate_limited");
        assertThat(refused.json().path("temporary").asBoolean()).isTrue();
        long retry = refused.json().path("retry_ms").asLong();
        assertThat(retry).isBetween(1_190_000L, 1_200_000L);
        assertThat(Long.parseLong(refused.header("Retry-After"))).isEqualTo((retry + 999) / 1_000);
        assertThat(refused.header("RateLimit")).startsWith("\"search\";r=0;t=3");
        assertThat(refused.header("RateLimit-Policy")).isEqualTo("\"search\";q=3;w=3600");
        assertThat(ask("search/take", "{'key':'bob'}").status()).isEqualTo(200);
        assertThat(askAs(token("other-" + tenant, Role.AGENT), "search/take", "{'key':'alice'}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void withoutAKeyItIsTheCallersOwn() {
        assertThat(ask("search/take", "{'cost':3}").status()).isEqualTo(200);
        assertThat(ask("search/take", "{'key':'somebody'}").status()).isEqualTo(429);
    }

    @Test
    void sentAgainUnderItsKeyItIsTakenOnce() {
        for (int i = 0; i < 5; i++) {
            assertThat(ask("search/take", "{}", "Idempotency-Key", "once")
                            .json()
                            .path("remaining")
                            .asInt())
                    .isEqualTo(2);
        }
        Answer other = ask("search/take", "{'cost':2}", "Idempotency-Key", "once");
        assertThat(other.status()).isEqualTo(409);
        assertThat(other.json().path("code").asText()).isEqualTo("conflict");
    }

    @Test
    void tokensAreReservedAndSettled() {
        Answer reserved = ask("tokens/reserve", "{'cost':2000}");
        assertThat(reserved.status()).as("%s", reserved).isEqualTo(201);
        assertThat(reserved.json().path("reserved").asInt()).isEqualTo(2_000);
        assertThat(reserved.json().path("remaining").asInt()).isEqualTo(3_000);
        String reservation = reserved.json().path("reservation").asText();
        for (int i = 0; i < 2; i++) {
            Answer settled = ask("tokens/settle", "{'reservation':'" + reservation + "','used':1300}");
            assertThat(settled.status()).as("%s", settled).isEqualTo(200);
            assertThat(settled.json().path("returned").asInt()).isEqualTo(700);
            assertThat(settled.json().path("remaining").asInt()).isEqualTo(3_700);
            assertThat(settled.header("RateLimit")).startsWith("\"tokens\";r=3700;t=");
        }
        assertThat(ask("tokens/settle", "{'reservation':'" + reservation + "','used':1}")
                        .status())
                .isEqualTo(409);
        assertThat(ask("tokens/settle", "{'reservation':'unknown','used':1}").status())
                .isEqualTo(404);
        assertThat(ask("tokens/reserve", "{'cost':3701}").status()).isEqualTo(429);
    }

    @Test
    void aReservationMadeAgainUnderItsKeyIsTheSame() {
        for (int i = 0; i < 3; i++) {
            Answer reserved = ask("tokens/reserve", "{'cost':2000}", "Idempotency-Key", "call-1");
            assertThat(reserved.json().path("reservation").asText()).isEqualTo("call-1");
            assertThat(reserved.json().path("remaining").asInt()).isEqualTo(3_000);
        }
    }

    @Test
    void fiftyClientsTakeExactlyWhatThereIs() {
        Long allowed = Flux.range(0, 300)
                .flatMap(
                        i -> Mono.fromSupplier(
                                        () -> ask("whole-house/take", "{}").status())
                                .subscribeOn(Schedulers.boundedElastic()),
                        50)
                .filter(status -> status == 200)
                .count()
                .block(Patience.ofSeconds(30));
        assertThat(allowed).isEqualTo(100);
    }

    @Test
    void aSocketCallsTheSame() {
        try (TestSocket socket = TestSocket.authorized(node.socket(), agent)) {
            socket.send("{'type':'call','ref':1,'method':'limits.take','params':{'name':'search','cost':3}}");
            assertThat(socket.next("ok").at("/result/remaining").asInt(-1)).isZero();
            socket.send("{'type':'call','ref':2,'method':'limits.take','params':{'name':'search'}}");
            JsonNode error = socket.next("error");
            assertThat(error.path("ref").asInt()).isEqualTo(2);
            assertThat(error.path("code").asText()).isEqualTo("rate_limited");
            assertThat(error.path("temporary").asBoolean()).isTrue();
            assertThat(error.path("retry_ms").asInt()).isBetween(1_190_000, 1_200_000);
            socket.send("{'type':'call','ref':3,'method':'limits.reserve','params':"
                    + "{'name':'tokens','cost':2000,'idempotency_key':'r'}}");
            assertThat(socket.next("ok").at("/result/reservation").asText()).isEqualTo("r");
            socket.send("{'type':'call','ref':4,'method':'limits.settle','params':"
                    + "{'name':'tokens','reservation':'r','used':1300}}");
            assertThat(socket.next("ok").at("/result/returned").asInt()).isEqualTo(700);
        }
    }

    @Test
    void usersMayNotAsk() {
        assertThat(askAs(token(tenant, Role.USER), "search/take", "{}").status())
                .isEqualTo(403);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    search/take        | {'cost':0}                                | 400 | cost must be a whole number from 1
                    search/take        | {'cost':4}                                | 400 | cost must be from 1 to 3
                    search/take        | {'cost':-1}                               | 400 | cost must be a whole number
                    search/take        | {'cost':1.5}                              | 400 | cost must be a whole number
                    search/take        | {'cost':1e3}                              | 400 | cost must be a whole number
                    search/take        | {'cost':99999999999999999999}             | 400 | cost must be a whole number
                    search/take        | {'key':'a b'}                             | 400 | key must be 1 to 128
                    search/take        | {'key':'{a}'}                             | 400 | key must be 1 to 128
                    search/take        | {'key':''}                                | 400 | key must be 1 to 128
                    search/take        | {'key':7}                                 | 400 | key must be a string
                    search/take        | []                                        | 400 | must be a JSON object
                    search/take        | {'idempotency_key':'a b'}                 | 400 | idempotency_key must be
                    whole-house/take   | {'key':'a'}                               | 400 | key must be left out
                    calm/take          | {}                                        | 400 | key is missing: the limit calm is per conversation
                    unknown/take       | {}                                        | 404 | there is no limit unknown
                    a%20b/take         | {}                                        | 400 | name must be
                    send/take          | {}                                        | 403 | the gateway itself enforces
                    connect/reserve    | {'cost':1}                                | 403 | the gateway itself enforces
                    tokens/reserve     | {}                                        | 400 | cost is missing
                    tokens/reserve     | {'cost':5001}                             | 400 | cost must be from 1 to 5000
                    tokens/settle      | {'used':1}                                | 400 | reservation is missing
                    tokens/settle      | {'reservation':'r'}                       | 400 | used is missing
                    tokens/settle      | {'reservation':'r','used':-1}             | 400 | used must be a whole number from 0
                    tokens/settle      | {'reservation':'{r}','used':1}            | 400 | reservation must be
                    tokens/settle      | {'reservation':'r','used':1}              | 404 | no such reservation
                    """)
    void aBadQuestionIsRefused(String path, String body, int status, String why) {
        Answer answer = ask(path, body);
        assertThat(answer.status()).as("%s", answer).isEqualTo(status);
        assertThat(answer.json().path("detail").asText()).contains(why);
    }
}
