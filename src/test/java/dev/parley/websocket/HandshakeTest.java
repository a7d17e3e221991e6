package dev.parley.websocket;

import static dev.parley.http.RequestExchanges.headers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.http.ClientAddresses;
import dev.parley.http.ProblemException;
import dev.parley.http.RequestExchanges;
import dev.parley.protocol.ClientFrame;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a request to upgrade has to say, and what is read from it. */
final class HandshakeTest {

    private final HttpHeaders answered = headers();

    private static HttpHeaders upgrade(String... more) {
        return headers(
                        "Connection",
                        "keep-alive, Upgrade",
                        "Upgrade",
                        "websocket",
                        "Sec-WebSocket-Version",
                        "13",
                        "Sec-WebSocket-Key",
                        "dGhlIHNhbXBsZSBub25jZQ==")
                .add(headers(more));
    }

    private Handshake read(HttpMethod method, HttpHeaders headers, Map<String, List<String>> query) {
        return Handshake.of(RequestExchanges.of(method, headers, query, answered), new ClientAddresses(0));
    }

    private Handshake read(HttpHeaders headers) {
        return read(HttpMethod.GET, headers, Map.of());
    }

    private void assertRefused(int status, String detail, HttpMethod method, HttpHeaders headers) {
        ProblemException refused = catchThrowableOfType(ProblemException.class, () -> read(method, headers, Map.of()));
        assertThat(refused.problem().status()).isEqualTo(status);
        assertThat(refused.problem().detail()).isEqualTo(detail);
    }

    @Test
    void aPlainUpgradeNamesNoProtocolNoTokenAndNoConversation() {
        assertThat(read(upgrade())).isEqualTo(new Handshake(null, null, "192.0.2.7", false));
    }

    @Test
    void aTokenComesInTheAuthorizationHeaderBeforeAnyOther() {
        HttpHeaders headers = upgrade("Sec-WebSocket-Protocol", "parley.v1, parley.token.second");
        assertThat(read(headers).token()).isEqualTo("second");
        headers.add("Authorization", "Bearer first");
        assertThat(read(headers).token()).isEqualTo("first");
    }

    @Test
    void aBrowsersTokenMayStandInASecondHeader() {
        HttpHeaders headers =
                upgrade("Sec-WebSocket-Protocol", "parley.v1", "Sec-WebSocket-Protocol", "parley.token.t");
        Handshake handshake = read(headers);
        assertThat(handshake.token()).isEqualTo("t");
        assertThat(handshake.names()).isTrue();
    }

    @Test
    void aConversationInTheQueryIsSubscribedTo() {
        Map<String, List<String>> query = Map.of("conversation", List.of("c"), "since", List.of("5-1"));
        assertThat(read(HttpMethod.GET, upgrade(), query).subscribe())
                .isEqualTo(new ClientFrame.Subscribe(null, "c", "5-1"));
        assertThat(read(HttpMethod.GET, upgrade(), Map.of("since", List.of("5-1")))
                        .subscribe())
                .isNull();
    }

    @Test
    void whoOffersProtocolsMustOfferParleys() {
        assertRefused(
                400,
                "Sec-WebSocket-Protocol must offer parley.v1",
                HttpMethod.GET,
                upgrade("Sec-WebSocket-Protocol", "graphql-ws, parley.token.t"));
        assertThat(read(upgrade("Sec-WebSocket-Protocol", "graphql-ws,parley.v1"))
                        .names())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({"Connection", "Upgrade", "Sec-WebSocket-Version"})
    void aRequestThatDoesNotAskForTheUpgradeIsToldHow(String missing) {
        assertRefused(
                426,
                "this path is a WebSocket: send an upgrade request with Sec-WebSocket-Version 13",
                HttpMethod.GET,
                upgrade().remove(missing));
        assertThat(answered.get("Upgrade")).isEqualTo("websocket");
        assertThat(answered.get("Sec-WebSocket-Version")).isEqualTo("13");
    }

    @ParameterizedTest
    @CsvSource({"Connection,close", "Upgrade,h2c", "Sec-WebSocket-Version,8"})
    void aRequestThatAsksForSomethingElseIsToldHow(String name, String value) {
        assertRefused(
                426,
                "this path is a WebSocket: send an upgrade request with Sec-WebSocket-Version 13",
                HttpMethod.GET,
                upgrade().set(name, value));
    }

    @Test
    void aHeadRequestIsNoUpgrade() {
        assertRefused(
                426,
                "this path is a WebSocket: send an upgrade request with Sec-WebSocket-Version 13",
                HttpMethod.HEAD,
                upgrade());
    }

    @Test
    void aRequestWithoutAKeyIsRejected() {
        assertRefused(
                400,
                "Sec-WebSocket-Key is missing: send one",
                HttpMethod.GET,
                upgrade().remove("Sec-WebSocket-Key"));
    }
}
