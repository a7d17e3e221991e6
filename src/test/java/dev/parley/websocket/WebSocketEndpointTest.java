package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.ratelimit.LimitScope;
import dev.parley.ratelimit.LimitedTurnstiles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

/** All sockets of a node: who gets one, what all of them are told, and how they end. */
final class WebSocketEndpointTest {

    private static final String[] AS_ANN = {"Authorization", "Bearer ann"};

    private final List<SocketHarness> clients = new ArrayList<>();
    private final SocketHarness first = client();

    private SocketHarness client() {
        SocketHarness client = new SocketHarness();
        clients.add(client);
        return client;
    }

    private WebSocketEndpoint endpoint() {
        return new WebSocketEndpoint(first.services(), SocketHarness.settings());
    }

    private List<SocketHarness> opened(WebSocketEndpoint endpoint, int many) {
        List<SocketHarness> opened = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            SocketHarness client = client();
            client.openAt(endpoint, AS_ANN);
            assertThat(client.got()).singleElement().asString().startsWith("{\"type\":\"welcome\"");
            opened.add(client);
        }
        return opened;
    }

    private static void assertRefused(ErrorCode code, String message, SocketHarness client) {
        assertThat(client.refused())
                .isInstanceOfSatisfying(
                        ParleyException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(code))
                .hasMessage(message);
        assertThat(client.got()).isEmpty();
    }

    @AfterEach
    void close() {
        clients.forEach(SocketHarness::close);
    }

    @Test
    void itCountsItsSocketsUntilTheyHaveGone() {
        WebSocketEndpoint endpoint = endpoint();
        List<SocketHarness> opened = opened(endpoint, 2);
        assertThat(endpoint.size()).isEqualTo(2);
        opened.get(0).hangsUp();
        assertThat(endpoint.size()).isEqualTo(1);
    }

    @Test
    void aForeignPageGetsNoSocket() {
        first.openAt(endpoint(), "Origin", "https://evil.example", "Host", "parley.example");
        assertRefused(
                ErrorCode.FORBIDDEN,
                "pages of this origin may not open a socket while auth.mode is none: serve them from this machine, or set auth.mode to jwt",
                first);
    }

    @Test
    void thePageOfTheGatewayItselfGetsASocketWithTheProtocolThatItNames() {
        first.openAt(
                endpoint(),
                "Origin",
                "https://parley.example",
                "Host",
                "parley.example",
                "Sec-WebSocket-Protocol",
                "parley.v1, parley.token.ann");
        assertThat(first.got()).singleElement().asString().startsWith("{\"type\":\"welcome\"");
    }

    @Test
    void addressesAreCountedBeforeTheUpgrade() {
        first.connect = LimitedTurnstiles.letting(1, LimitScope.ADDRESS);
        WebSocketEndpoint endpoint = endpoint();
        assertThat(opened(endpoint, 1)).hasSize(1);
        SocketHarness second = client();
        second.openAt(endpoint, AS_ANN);
        assertRefused(ErrorCode.RATE_LIMITED, "too much for the limit tested: try again in 60000 ms", second);
    }

    @Test
    void whoIsKnownIsCountedBeforeTheUpgradeAndWhoIsNotLater() {
        first.connect = LimitedTurnstiles.letting(1, LimitScope.SUBJECT);
        WebSocketEndpoint endpoint = endpoint();
        assertThat(opened(endpoint, 1)).hasSize(1);
        SocketHarness second = client();
        second.openAt(endpoint, AS_ANN);
        assertRefused(ErrorCode.RATE_LIMITED, "too much for the limit tested: try again in 60000 ms", second);
        SocketHarness nobody = client();
        nobody.openAt(endpoint, "Authorization", "Bearer nobody");
        assertThat(nobody.got()).endsWith("close 3500 the token is refused");
    }

    @Test
    void socketsAreToldAFewAtATimeHowThingsStandWithRedis() {
        WebSocketEndpoint endpoint = endpoint();
        List<SocketHarness> opened = opened(endpoint, 20);
        Disposable unused = endpoint.redis(new RedisStatus(false, 5)).subscribe();
        String status = "{\"type\":\"status\",\"redis\":\"degraded\",\"queued\":5}";
        assertThat(opened.stream().filter(client -> client.got().contains(status)))
                .hasSize(16);
        first.pass(Duration.ofMillis(5));
        assertThat(opened.stream().filter(client -> client.got().contains(status)))
                .hasSize(4);

        SocketHarness late = client();
        late.openAt(endpoint, AS_ANN);
        assertThat(late.got()).singleElement().asString().contains("\"status\":{\"redis\":\"degraded\",\"queued\":5}");
    }

    @Test
    void aNodeThatDrainsSaysGoodbyeToOneAfterTheOtherAndCutsThoseThatStay() {
        WebSocketEndpoint endpoint = endpoint();
        List<SocketHarness> opened = opened(endpoint, 4);
        AtomicBoolean drained = new AtomicBoolean();
        Disposable unused =
                endpoint.drain(Duration.ofMillis(2_500)).subscribe(nothing -> {}, error -> {}, () -> drained.set(true));
        String goodbye =
                "{\"type\":\"goodbye\",\"code\":3001,\"reason\":\"the node is draining\",\"retry_ms\":[0,2500]}";
        for (int i = 0; i < 4; i++) {
            first.pass(Duration.ofMillis(i == 0 ? 1 : 500));
            assertThat(opened.stream()
                            .filter(client -> client.got().equals(List.of(goodbye, "close 3001 the node is draining"))))
                    .hasSize(1);
        }
        first.pass(Duration.ofMillis(900));
        assertThat(drained).isFalse();
        assertThat(opened).noneMatch(SocketHarness::hasEnded);
        first.pass(Duration.ofMillis(100));
        assertThat(drained).isTrue();
        assertThat(opened).allMatch(SocketHarness::hasEnded);
        assertThat(endpoint.size()).isZero();
    }

    @Test
    void aNodeThatDrainsIsDoneWhenAllHaveGoneAndTakesNobody() {
        WebSocketEndpoint endpoint = endpoint();
        List<SocketHarness> opened = opened(endpoint, 2);
        AtomicBoolean drained = new AtomicBoolean();
        Disposable unused =
                endpoint.drain(Duration.ofMillis(100)).subscribe(nothing -> {}, error -> {}, () -> drained.set(true));
        first.pass(Duration.ofMillis(1));
        first.openAt(endpoint, AS_ANN);
        assertRefused(ErrorCode.UNAVAILABLE, "this node is draining: connect again", first);
        opened.forEach(SocketHarness::hangsUp);
        assertThat(drained).isFalse();
        first.pass(Duration.ofMillis(20));
        assertThat(drained).isTrue();
    }
}
