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
import dev.parley.redis.Kept;
import dev.parley.support.LogWatch;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Leaderboards, over HTTP and by {@code call}. Each test has a tenant of its own. */
class LeaderboardApiIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";

    private static LogWatch log;
    private static TestNode node;

    private final String tenant = "board-" + Ids.random();
    private final String agent = token(tenant, Role.AGENT);
    private final String user = token(tenant, Role.USER);

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = TestNode.start("auth.mode", "jwt", "auth.jwt.secret", SECRET);
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

    private static Answer record(String token, String name, String json, String... headers) {
        String[] all = new String[headers.length + 2];
        all[0] = "Authorization";
        all[1] = "Bearer " + token;
        System.arraycopy(headers, 0, all, 2, headers.length);
        return TestHttp.postJson(node.http("/v1/agents/" + name + "/resolutions"), json, all);
    }

    private Answer top(String dateAndQuery) {
        return TestHttp.get(node.http("/v1/leaderboards/" + dateAndQuery), "Authorization", "Bearer " + user);
    }

    private static JsonNode json(String text) {
        return Kept.json(text.replace('\'', '"'));
    }

    @Test
    void whatAgentsRecordEverybodySees() {
        Answer first = record(agent, "triage", "{'seconds':1.5}");
        assertThat(first.status()).as("%s", first).isEqualTo(201);
        String today = first.json().path("date").asText();
        assertThat(first.json())
                .isEqualTo(
                        json("{'agent':'triage','date':'" + today + "','duplicate':false,'resolutions':1,'total':1}"));
        assertThat(record(agent, "triage", "{'seconds':2.5,'success':true}").status())
                .isEqualTo(201);
        assertThat(record(agent, "triage", "{'seconds':600,'success':false}").status())
                .isEqualTo(201);
        assertThat(record(agent, "idle", "{'seconds':1,'success':false}").status())
                .isEqualTo(201);
        for (String date : new String[] {"today", today}) {
            Answer answer = top(date);
            assertThat(answer.status()).as("%s", answer).isEqualTo(200);
            assertThat(answer.json())
                    .isEqualTo(json("{'from':'" + today + "','to':'" + today + "','source':'live','agents':["
                            + "{'rank':1,'agent':'triage','resolutions':2,'total':3,'success_rate':0.6667,"
                            + "'average_seconds':2.0},"
                            + "{'rank':2,'agent':'idle','resolutions':0,'total':1,'success_rate':0.0,"
                            + "'average_seconds':null}]}"));
        }
        assertThat(top("today?limit=1").json().path("agents")).hasSize(1);
        assertThat(top("today?days=30").json().path("from").asText())
                .isEqualTo(LocalDate.parse(today).minusDays(29).toString());
    }

    @Test
    void theSameKeyCountsOnce() {
        assertThat(record(agent, "a", "{'seconds':1}", "Idempotency-Key", "k")
                        .json()
                        .path("duplicate")
                        .asBoolean(true))
                .isFalse();
        Answer again = record(agent, "a", "{'seconds':1}", "Idempotency-Key", "k");
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.json().path("duplicate").asBoolean()).isTrue();
        assertThat(record(agent, "a", "{'seconds':1,'idempotency_key':'k'}")
                        .json()
                        .path("total")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void anotherTenantSeesNothingOfIt() {
        assertThat(record(agent, "a", "{'seconds':1}").status()).isEqualTo(201);
        Answer other = TestHttp.get(
                node.http("/v1/leaderboards/today"),
                "Authorization",
                "Bearer " + token("other-" + Ids.random(), Role.USER));
        assertThat(other.json().path("agents")).isEmpty();
    }

    @Test
    void aUserMayLookAndNotRecord() {
        assertThat(record(user, "a", "{'seconds':1}").status()).isEqualTo(403);
        assertThat(top("today").json().path("agents")).isEmpty();
    }

    @Test
    void aSocketCallsTheSame() {
        try (TestSocket socket = TestSocket.authorized(node.socket(), agent)) {
            socket.send("{'type':'call','ref':1,'method':'leaderboard.record','params':"
                    + "{'name':'triage','seconds':3,'idempotency_key':'k'}}");
            assertThat(socket.next("ok").at("/result/resolutions").asInt()).isEqualTo(1);
            socket.send("{'type':'call','ref':2,'method':'leaderboard.top','params':{'date':'today','days':7}}");
            JsonNode ok = socket.next("ok");
            assertThat(ok.path("ref").asInt()).isEqualTo(2);
            assertThat(ok.at("/result/agents/0/agent").asText()).isEqualTo("triage");
            assertThat(ok.at("/result/agents/0/average_seconds").asDouble()).isEqualTo(3);
            socket.send("{'type':'call','ref':3,'method':'leaderboard.top','params':{'date':'yesterday'}}");
            assertThat(socket.next("error").path("code").asText()).isEqualTo("bad_request");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    a              | {}                                 | seconds is missing
                    a              | {'seconds':'1'}                    | seconds must be a number
                    a              | {'seconds':-0.001}                 | seconds must be a number from 0
                    a              | {'seconds':2592001}                | seconds must be a number from 0
                    a              | {'seconds':1e999}                  | seconds must be a number from 0
                    a              | {'seconds':NaN}                    | not JSON
                    a              | {'seconds':1,'success':'yes'}      | success must be true or false
                    a              | {'seconds':1,'idempotency_key':''} | idempotency_key must be
                    a              | {'seconds':1,'idempotency_key':7}  | idempotency_key must be a string
                    a              | [1]                                | must be a JSON object
                    %7Ba%7D        | {'seconds':1}                      | name must be
                    a%20b          | {'seconds':1}                      | name must be
                    a%0Ab          | {'seconds':1}                      | name must be
                    %C3%A4         | {'seconds':1}                      | name must be
                    """)
    void aBadRecordIsRefused(String name, String body, String why) {
        Answer answer = record(agent, name, body);
        assertThat(answer.status()).as("%s", answer).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains(why);
        assertThat(top("today").json().path("agents")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    yesterday            | date must be today, or a day such as
                    2026-2-3             | date must be today, or a day such as
                    2026-02-30           | date must be today, or a day such as
                    20260203             | date must be today, or a day such as
                    +12026-01-01         | date must be today, or a day such as
                    -2026-01-01          | date must be today, or a day such as
                    today?days=0         | days must be a whole number from 1 to 30
                    today?days=31        | days must be a whole number from 1 to 30
                    today?days=x         | days must be a whole number from 1 to 30
                    today?limit=0        | limit must be a whole number from 1 to 1000
                    today?limit=1001     | limit must be a whole number from 1 to 1000
                    """)
    void aBadQuestionIsRefused(String question, String why) {
        Answer answer = top(question);
        assertThat(answer.status()).as("%s", answer).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains(why);
    }
}
