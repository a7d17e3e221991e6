package dev.parley.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import dev.parley.auth.Role;
import dev.parley.auth.TokenMint;
import dev.parley.protocol.CloseCode;
import dev.parley.support.FoldCases;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code parley.js} does with the tokens that a page's function returns, in a real browser. */
final class TokenFunctionIT {

    private static final String SECRET = "a secret of more than thirty-two bytes";

    /**
     * Connects with a function that returns, fails with, or lacks what is listed, one after the other and the last one for ever, until the
     * client is connected, has closed, or has asked so often.
     */
    private static final String CONNECT = """
            async ({ url, answers, times, fixed }) => {
              const { connect } = await import("/parley.js");
              let asked = 0;
              let sockets = 0;
              const errors = [];
              const token = async () => {
                const answer = answers[Math.min(asked++, answers.length - 1)];
                if (answer === "throws") {
                  throw new Error("no session");
                }
                return answer === "undefined" ? undefined : answer;
              };
              class Counted extends WebSocket {
                constructor(...args) {
                  super(...args);
                  sockets++;
                }
              }
              return await new Promise((resolve) => {
                const client = connect({
                  url,
                  WebSocket: Counted,
                  token: fixed ?? token,
                  onError: ({ code, message, temporary }) => errors.push({ code, message, temporary }),
                  onClose: ({ code }) => end(code),
                  onStatus: ({ state }) => (state === "connected" || asked >= times) && end(),
                });
                const end = (code) => {
                  resolve(JSON.stringify({ state: client.status.state, asked, sockets, errors, code }));
                  client.close();
                };
              });
            }
            """;

    private static @Nullable TestNode node;
    private static @Nullable Chromium chromium;
    private @Nullable BrowserContext context;

    @BeforeAll
    static void start() {
        node = TestNode.start("console.enabled", "true", "auth.mode", "jwt", "auth.jwt.secret", SECRET);
        chromium = Chromium.start();
    }

    @AfterAll
    static void stop() {
        if (chromium != null) {
            chromium.close();
        }
        if (node != null) {
            node.close();
        }
    }

    @BeforeEach
    void open() {
        context = Objects.requireNonNull(chromium).browser().newContext();
    }

    @AfterEach
    void close() {
        Objects.requireNonNull(context).close();
    }

    private static String token(String secret, Duration age) {
        return new TokenMint(secret.getBytes(UTF_8), Clock.offset(Clock.systemUTC(), age.negated()))
                .mint("anna", "default", Set.of(Role.USER), Set.of(), Duration.ofMinutes(5));
    }

    private static String good() {
        return token(SECRET, Duration.ZERO);
    }

    private static String expired() {
        return token(SECRET, Duration.ofHours(1));
    }

    private JsonNode connect(Map<String, Object> how) throws IOException {
        TestNode gateway = Objects.requireNonNull(node);
        Page page = Objects.requireNonNull(context).newPage();
        page.navigate(gateway.http("/parley.js").toString());
        return FoldCases.JSON.readTree(String.valueOf(page.evaluate(CONNECT, how)));
    }

    private JsonNode connect(int times, String... answers) throws IOException {
        TestNode gateway = Objects.requireNonNull(node);
        return connect(Map.of("url", gateway.socket().toString(), "answers", List.of(answers), "times", times));
    }

    @Test
    void isAskedAgainWhenItsTokenHadExpiredAtTheConnect() throws IOException {
        JsonNode came = connect(10, expired(), good());
        assertThat(came.path("state").asText()).isEqualTo("connected");
        assertThat(came.path("asked").asInt()).isEqualTo(2);
        assertThat(came.path("errors"))
                .singleElement()
                .satisfies(error -> assertThat(error.path("code").asText()).isEqualTo("unauthenticated"));
    }

    @Test
    void thatReturnsTheSameExpiredTokenIsAskedEverMoreSlowlyAndThePageIsTold() throws IOException {
        JsonNode came = connect(4, expired());
        assertThat(came.path("state").asText()).isEqualTo("reconnecting");
        assertThat(came.path("sockets").asInt()).isEqualTo(1);
        assertThat(came.path("errors"))
                .filteredOn(error -> error.path("code").asText().equals("no_token"))
                .isNotEmpty()
                .allSatisfy(error -> {
                    assertThat(error.path("message").asText()).contains("expired");
                    assertThat(error.path("temporary").asBoolean()).isTrue();
                });
    }

    @Test
    void thatReturnsNoneOrFailsIsAnErrorToThePageAndIsAskedAgain() throws IOException {
        JsonNode came = connect(20, "undefined", "throws", "", "not a token", good());
        assertThat(came.path("state").asText()).isEqualTo("connected");
        assertThat(came.path("sockets").asInt()).isEqualTo(1);
        assertThat(came.path("errors"))
                .extracting(error -> error.path("code").asText())
                .containsOnly("no_token")
                .hasSize(4);
        assertThat(came.path("errors").toString())
                .contains("token() returned undefined", "no session", "an empty string", "characters")
                .doesNotContain("not a token");
    }

    @Test
    void isNotAskedAgainWhenItsTokenIsBad() throws IOException {
        JsonNode came = connect(10, token("another secret of more than thirty-two bytes", Duration.ZERO), good());
        assertThat(came.path("state").asText()).isEqualTo("closed");
        assertThat(came.path("code").asInt()).isEqualTo(CloseCode.REFUSED.code());
        assertThat(came.path("asked").asInt()).isEqualTo(1);
    }

    @Test
    void isWhatATokenThatHasExpiredNeeds() throws IOException {
        TestNode gateway = Objects.requireNonNull(node);
        JsonNode came = connect(
                Map.of("url", gateway.socket().toString(), "answers", List.of(), "times", 10, "fixed", expired()));
        assertThat(came.path("state").asText()).isEqualTo("closed");
        assertThat(came.path("code").asInt()).isEqualTo(CloseCode.EXPIRED.code());
        assertThat(came.path("sockets").asInt()).isEqualTo(1);
    }
}
