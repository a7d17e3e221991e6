package dev.parley.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp;
import dev.parley.node.TestHttp.Answer;
import dev.parley.node.TestNode;
import dev.parley.node.TestSocket;
import dev.parley.redis.EmbeddedRedis;
import dev.parley.support.Await;
import dev.parley.support.LogWatch;
import dev.parley.support.Patience;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The cache over HTTP and by {@code call}, on two nodes. Each test has a tenant of its own. */
class CacheApiIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";
    private static final String ASKED =
            "'request':{'model':'m-1','messages':[{'role':'user','content':'opening hours?'}]}";
    private static final String ANSWERED =
            "'response':{'choices':[{'finish_reason':'stop','message':{'content':'nine to five'}}],'usage':{'total_tokens':7}}";

    private static final String SEEDS_TENANT = "seed-" + Ids.random();

    private static LogWatch log;
    private static TestNode node;
    private static TestNode other;

    private final String tenant = "cache-" + Ids.random();
    private final String agent = token(tenant, Role.AGENT);

    @BeforeAll
    static void start() {
        log = LogWatch.open();
        node = node("one");
        other = node("two");
    }

    private static TestNode node(String name) {
        return TestNode.start(
                "auth.mode", "jwt", "auth.jwt.secret", SECRET, "node", name, "cache.seed-tenant", SEEDS_TENANT);
    }

    @AfterEach
    void noRequestIsTheNodesFault() {
        log.assertQuiet();
    }

    @AfterAll
    static void stop() {
        node.close();
        other.close();
        log.close();
    }

    private static String token(String tenant, Role role) {
        return new TokenMint(SECRET.getBytes(UTF_8), Clock.systemUTC())
                .mint("somebody", tenant, Set.of(role), Set.of(), Duration.ofHours(1));
    }

    private static Answer send(TestNode to, String token, String method, String path, String json) {
        return TestHttp.send(
                method,
                to.http("/v1/cache/" + path),
                BodyPublishers.ofString(json.replace('\'', '"')),
                "Content-Type",
                "application/json",
                "Authorization",
                "Bearer " + token);
    }

    @CanIgnoreReturnValue
    private Answer post(String path, String json) {
        return send(node, agent, "POST", path, "{" + json + "}");
    }

    @CanIgnoreReturnValue
    private Answer put(String json) {
        return send(node, agent, "PUT", "entries", "{" + json + "}");
    }

    @Test
    void whatIsPutIsFoundOnTheOtherNode() {
        Answer miss = post("lookup", ASKED);
        assertThat(miss.status()).as("%s", miss).isEqualTo(200);
        assertThat(miss.json().path("hit").asBoolean(true)).isFalse();
        assertThat(miss.json().path("reason").asText()).isEqualTo("absent");
        Answer stored = put(ASKED + "," + ANSWERED + ",'category':'faq','tags':['shop'],'cost':0.0025,'took_ms':1200");
        assertThat(stored.status()).as("%s", stored).isEqualTo(201);
        assertThat(stored.json().path("key")).isEqualTo(miss.json().path("key"));
        JsonNode hit = send(other, agent, "POST", "lookup", "{" + ASKED + "}").json();
        assertThat(hit.path("hit").asBoolean()).as("%s", hit).isTrue();
        assertThat(hit.path("kind").asText()).isEqualTo("exact");
        assertThat(hit.path("age_ms").asLong(-1)).isBetween(0L, 60_000L);
        assertThat(hit.at("/entry/response/choices/0/message/content").asText()).isEqualTo("nine to five");
        assertThat(hit.at("/entry/usage/total_tokens").asInt()).isEqualTo(7);
        assertThat(hit.at("/entry/cost").decimalValue()).isEqualByComparingTo("0.0025");
        assertThat(hit.at("/entry/tags/0").asText()).isEqualTo("shop");

        String elsewhere = token("other-" + tenant, Role.AGENT);
        assertThat(send(node, elsewhere, "POST", "lookup", "{" + ASKED + "}")
                        .json()
                        .path("hit")
                        .asBoolean(true))
                .isFalse();
    }

    @Test
    void aRefusalSaysWhy() {
        String personal = ASKED.replace("opening hours?", "I am a@b.example");
        assertThat(post("lookup", personal).json().path("reason").asText()).isEqualTo("pii");
        Answer refused = put(personal + "," + ANSWERED);
        assertThat(refused.status()).isEqualTo(200);
        assertThat(refused.json().path("stored").asBoolean(true)).isFalse();
        assertThat(refused.json().path("reason").asText()).isEqualTo("pii");
        assertThat(put(ASKED + "," + ANSWERED.replace("'stop'", "'length'"))
                        .json()
                        .path("reason")
                        .asText())
                .isEqualTo("truncated");
        assertThat(put(ASKED + "," + ANSWERED + ",'ttl':0")
                        .json()
                        .path("reason")
                        .asText())
                .isEqualTo("ttl");
        assertThat(put(ASKED + "," + ANSWERED + ",'status':500")
                        .json()
                        .path("reason")
                        .asText())
                .isEqualTo("status");
    }

    @Test
    void ofTwoHundredOnTwoNodesOneComputes() {
        AtomicInteger computed = new AtomicInteger();
        List<String> answers = Flux.range(0, 200)
                .flatMap(
                        i -> Mono.fromSupplier(() -> ask(i % 2 == 0 ? node : other, computed))
                                .subscribeOn(Schedulers.boundedElastic()),
                        200)
                .collectList()
                .block(Patience.ofSeconds(60));
        assertThat(computed).hasValue(1);
        assertThat(answers).hasSize(200).containsOnly("nine to five");
    }

    private String ask(TestNode at, AtomicInteger computed) {
        JsonNode answer = send(at, agent, "POST", "lookup", "{" + ASKED + ",'wait_ms':10000,'lease_ms':10000}")
                .json();
        if (answer.path("leader").asBoolean()) {
            computed.incrementAndGet();
            String token = answer.path("token").asText();
            Answer stored =
                    send(at, agent, "PUT", "entries", "{" + ASKED + "," + ANSWERED + ",'token':'" + token + "'}");
            assertThat(stored.status()).as("%s after %s", stored, answer).isEqualTo(201);
            return "nine to five";
        }
        return answer.at("/entry/response/choices/0/message/content").asText("" + answer);
    }

    @Test
    void whatIsGivenUpIsSomebodyElses() {
        String token =
                post("lookup", ASKED + ",'lease_ms':60000").json().path("token").asText();
        assertThat(post("lookup", ASKED + ",'lease_ms':60000")
                        .json()
                        .path("reason")
                        .asText())
                .isEqualTo("in_flight");
        assertThat(post("abandon", ASKED + ",'token':'" + token + "'")
                        .json()
                        .path("abandoned")
                        .asBoolean())
                .isTrue();
        assertThat(post("lookup", ASKED + ",'lease_ms':60000")
                        .json()
                        .path("leader")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void whatIsInvalidatedIsGoneOnBothNodes() {
        put(ASKED + "," + ANSWERED + ",'tags':['a','b']");
        JsonNode dry =
                post("invalidate", "'tag':'a','model':'none','dry_run':true").json();
        assertThat(dry.path("invalidated").asBoolean(true)).isFalse();
        assertThat(dry.at("/scopes/0/entries").asInt()).isEqualTo(1);
        assertThat(dry.at("/scopes/1/entries").asInt(-1)).isZero();
        assertThat(post("lookup", ASKED).json().path("hit").asBoolean()).isTrue();
        assertThat(post("invalidate", "'tags':['a']").json().path("invalidated").asBoolean())
                .isTrue();
        assertThat(send(other, agent, "POST", "lookup", "{" + ASKED + "}")
                        .json()
                        .path("reason")
                        .asText())
                .isEqualTo("invalidated");
    }

    @Test
    void ofTheSeedsEntriesIsSaidWhatBecomesOfThem() {
        String seeds = token(SEEDS_TENANT, Role.AGENT);
        String asked = ASKED.replace("opening", SEEDS_TENANT);
        assertThat(send(node, seeds, "PUT", "entries", "{" + asked + "," + ANSWERED + "}")
                        .status())
                .isEqualTo(201);
        JsonNode dry = send(node, seeds, "POST", "invalidate", "{'model':'m-1','dry_run':true}")
                .json();
        assertThat(dry.at("/scopes/0/entries").asInt(-1)).isZero();
        assertThat(dry.path("seed").asText()).contains("are not counted");
        assertThat(send(other, seeds, "POST", "lookup", "{" + asked + "}")
                        .json()
                        .path("hit")
                        .asBoolean())
                .isTrue();
        assertThat(send(node, seeds, "POST", "invalidate", "{'tag':'a','namespace':'n'}")
                        .json()
                        .has("seed"))
                .as("they have neither")
                .isFalse();
        assertThat(send(node, seeds, "POST", "invalidate", "{'all':true}")
                        .json()
                        .has("seed"))
                .isTrue();
        assertThat(send(other, seeds, "POST", "lookup", "{" + asked + "}")
                        .json()
                        .path("reason")
                        .asText())
                .isEqualTo("invalidated");
        assertThat(post("invalidate", "'all':true").json().has("seed"))
                .as("of another tenant")
                .isFalse();
    }

    @Test
    void itIsExplainedAndCounted() {
        put(ASKED + "," + ANSWERED + ",'category':'faq','tags':['a'],'took_ms':1500,'cost':0.01");
        JsonNode explained = post("explain", ASKED).json();
        assertThat(explained.path("form").asText()).isEqualTo("v2");
        assertThat(explained.path("text").asText()).startsWith("{\"namespace\":null,\"request\":{\"messages\":[");
        assertThat(explained.path("rules")).isEmpty();
        assertThat(explained.at("/entry/category").asText()).isEqualTo("faq");
        assertThat(explained.at("/entry/tags/0").asText()).isEqualTo("a");
        assertThat(explained.at("/entry/fresh_ms").asLong()).isPositive();
        assertThat(post("explain", ASKED.replace("opening hours?", "today a@b.example"))
                        .json()
                        .path("rules"))
                .hasSize(2);
        post("lookup", ASKED);
        post("lookup", ASKED.replace("opening", "closing"));
        JsonNode stats = TestHttp.get(node.http("/v1/cache/stats?hours=2"), "Authorization", "Bearer " + agent)
                .json()
                .path("total");
        assertThat(stats.at("/hits/exact").asInt()).as("%s", stats).isEqualTo(1);
        assertThat(stats.at("/misses/absent").asInt()).isEqualTo(1);
        assertThat(stats.path("hit_rate").asDouble()).isEqualTo(0.5);
        assertThat(stats.path("stored").asInt()).isEqualTo(1);
        assertThat(stats.path("seconds_saved").asDouble()).isEqualTo(1.5);
        assertThat(stats.path("money_saved").asDouble()).isEqualTo(0.01);
    }

    @Test
    void aSocketCallsTheSame() {
        try (TestSocket socket = TestSocket.authorized(node.socket(), agent)) {
            socket.send("{'type':'call','ref':1,'method':'cache.put','params':{" + ASKED + "," + ANSWERED + "}}");
            assertThat(socket.next("ok").at("/result/stored").asBoolean()).isTrue();
            socket.send("{'type':'call','ref':2,'method':'cache.lookup','params':{" + ASKED + "}}");
            assertThat(socket.next("ok")
                            .at("/result/entry/response/usage/total_tokens")
                            .asInt())
                    .isEqualTo(7);
        }
    }

    @Test
    void withoutRedisALookUpIsAMissAtOnceAndOneOfThisNodeComputes() {
        EmbeddedRedis redis = EmbeddedRedis.start();
        try (TestNode alone = TestNode.start(
                "redis.uri", redis.uri(), "auth.mode", "jwt", "auth.jwt.secret", SECRET, "node", "alone")) {
            redis.kill();
            Await.until(
                    "Redis is missed",
                    () -> TestHttp.get(alone.management("/health/ready")).status() == 503);
            JsonNode miss =
                    send(alone, agent, "POST", "lookup", "{" + ASKED + "}").json();
            assertThat(miss.path("reason").asText()).isEqualTo("unavailable");
            assertThat(miss.has("token")).isFalse();
            String patient = "{" + ASKED + ",'wait_ms':15000,'lease_ms':15000}";
            JsonNode leader = send(alone, agent, "POST", "lookup", patient).json();
            assertThat(leader.path("leader").asBoolean()).as("%s", leader).isTrue();
            Mono<List<String>> others = Flux.range(0, 15)
                    .flatMap(
                            i -> Mono.fromSupplier(() -> send(alone, agent, "POST", "lookup", patient)
                                            .json()
                                            .path("kind")
                                            .asText())
                                    .subscribeOn(Schedulers.boundedElastic()),
                            15)
                    .collectList()
                    .cache();
            Disposable asking = others.subscribe();
            Await.until(
                    "all wait",
                    () -> TestHttp.get(alone.management("/metrics")).body().contains("parley_cache_waiting 15.0"));
            String token = leader.path("token").asText();
            JsonNode dropped = send(
                            alone, agent, "PUT", "entries", "{" + ASKED + "," + ANSWERED + ",'token':'" + token + "'}")
                    .json();
            assertThat(dropped.path("reason").asText()).isEqualTo("unavailable");
            assertThat(others.block(Patience.ofSeconds(20))).hasSize(15).containsOnly("joined");
            assertThat(TestHttp.get(alone.management("/metrics")).body()).contains("parley_cache_dropped_total 1.0");
            asking.dispose();
        } finally {
            redis.close();
            log.forget();
        }
    }

    @Test
    void usersMayNotAsk() {
        assertThat(send(node, token(tenant, Role.USER), "POST", "lookup", "{" + ASKED + "}")
                        .status())
                .isEqualTo(403);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    lookup     | {}                                                     | request is missing
                    lookup     | {'request':[]}                                         | request must be a JSON object
                    lookup     | {'request':{}}                                         | request.model is missing
                    lookup     | {'request':{'model':'m'},'category':'x'}               | category must be one of
                    lookup     | {'request':{'model':'m'},'wait_ms':600001}             | wait_ms must be a whole number from 0
                    lookup     | {'request':{'model':'m'},'lease_ms':99}                | lease_ms must be a whole number from 100
                    lookup     | {'request':{'model':'m'},'namespace':'a b'}            | namespace must be 1 to 128
                    lookup     | {'request':{'model':'m'},'allow':['pii']}              | allow must be an array of
                    lookup     | {'request':{'model':'m'},'allow':'pii'}                | allow must be an array
                    lookup     | {'request':{'model':'m'},'max_age':-1}                 | max_age must be
                    abandon    | {'request':{'model':'m'}}                              | token is missing
                    invalidate | {}                                                     | name what to invalidate
                    invalidate | {'tags':['a b']}                                       | each of tags must be
                    """)
    void aBadQuestionIsRefused(String path, String body, String why) {
        Answer answer = send(node, agent, "POST", path, body);
        assertThat(answer.status()).as("%s", answer).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains(why);
    }

    @Test
    void aBadAnswerIsRefused() {
        assertThat(put(ASKED).status()).isEqualTo(400);
        assertThat(put(ASKED + "," + ANSWERED + ",'cost':-1").status()).isEqualTo(400);
        assertThat(put(ASKED + "," + ANSWERED + ",'ttl':1.5").status()).isEqualTo(400);
        assertThat(put(ASKED + "," + ANSWERED + ",'tags':[7]").status()).isEqualTo(400);
        Answer forged = put(ASKED + "," + ANSWERED + ",'token':'x'");
        assertThat(forged.status()).isEqualTo(400);
        assertThat(forged.json().path("detail").asText()).startsWith("token is not one");
    }
}
