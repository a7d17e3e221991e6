package dev.parley.websocket;

import static dev.parley.websocket.SocketHarness.AUTH_TIMEOUT;
import static dev.parley.websocket.SocketHarness.HEARTBEAT;
import static dev.parley.websocket.SocketHarness.MAX_FRAME;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Role;
import dev.parley.hub.Subscriber;
import dev.parley.protocol.ClientFrame;
import dev.parley.protocol.CloseCode;
import dev.parley.protocol.ServerFrames;
import dev.parley.ratelimit.LimitScope;
import dev.parley.ratelimit.LimitedTurnstiles;
import dev.parley.support.Version;
import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A socket from the upgrade to the close: who is let in, how long it stays, and what it is closed for. */
final class SocketTest {

    private static final String UNREADABLE =
            "close 3501 frames must be JSON text, the first one auth where there is no token";
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final SocketHarness on = new SocketHarness();

    @AfterEach
    void close() {
        on.close();
    }

    private void token(String token, String subject, Instant expires) {
        on.tokens.put(token, SocketHarness.principal(subject, "acme", Set.of(Role.USER), expires));
    }

    private static String refused(String message) {
        return "{\"type\":\"error\",\"code\":\"unauthenticated\",\"message\":\"" + message + "\",\"temporary\":false}";
    }

    // Who is let in.

    @Test
    void whoComesWithATokenIsWelcomed() {
        on.redis = new RedisStatus(false, 3);
        on.open("ann");
        assertThat(on.got())
                .singleElement()
                .asString()
                .matches(
                        "\\{\"type\":\"welcome\",\"connection\":\"[a-z0-9]+\",\"node\":\"node-1\",\"version\":\""
                                + Pattern.quote(Version.text()) + "\","
                                + "\"heartbeat_ms\":25000,\"max_frame_bytes\":2000,\"status\":\\{\"redis\":\"degraded\",\"queued\":3}}");
    }

    @Test
    void whatTheUpgradeAsksToSubscribeIsDoneRightAfterTheWelcome() {
        on.open("ann", new ClientFrame.Subscribe(null, "c", "5-1"));
        assertThat(on.got()).singleElement().asString().startsWith("{\"type\":\"welcome\"");
        assertThat(on.conversations.asked).containsExactly("revive c", "follow c since 5-1");
    }

    @Test
    void whatTheUpgradeAsksToSubscribeMayBeWrongAndTheSocketStaysOpen() {
        on.open("ann", new ClientFrame.Subscribe(null, "a b", null));
        assertThat(on.got())
                .last()
                .asString()
                .startsWith("{\"type\":\"error\",\"code\":\"bad_request\",\"message\":\"conversation must be");
        on.sends("{\"type\":\"ping\"}");
        assertThat(on.got()).containsExactly("{\"type\":\"pong\"}");
    }

    @Test
    void whoComesWithATokenThatIsNotValidIsToldSoAndClosed() {
        on.open("nobody");
        assertThat(on.got()).containsExactly(refused("the token is not valid"), "close 3500 the token is refused");
    }

    @Test
    void whoComesWithATokenThatHasExpiredMayComeBackALittleLater() {
        on.open("expired");
        assertThat(on.got())
                .containsExactly(
                        refused("the token has expired"),
                        "{\"type\":\"goodbye\",\"code\":3005,\"reason\":\"the token ran out\",\"retry_ms\":[200,1000]}",
                        "close 3005 the token ran out");
    }

    @Test
    void whoComesWithoutATokenMaySendOne() {
        on.open(null, new ClientFrame.Subscribe(null, "c", null));
        assertThat(on.got()).isEmpty();
        on.sends("{\"type\":\"auth\",\"ref\":1,\"token\":\"ann\"}");
        List<String> got = on.got();
        assertThat(got).hasSize(2).startsWith("{\"type\":\"ok\",\"ref\":1}");
        assertThat(got.get(1)).startsWith("{\"type\":\"welcome\"");
        assertThat(on.conversations.asked).containsExactly("revive c", "follow c");
        on.pass(AUTH_TIMEOUT);
        assertThat(on.got()).isEmpty();
    }

    @Test
    void whoSendsNoTokenInTimeIsClosed() {
        on.open(null);
        on.pass(AUTH_TIMEOUT.minusMillis(1));
        assertThat(on.got()).isEmpty();
        on.pass(Duration.ofMillis(1));
        assertThat(on.got()).containsExactly(UNREADABLE);
    }

    @Test
    void whoAsksForAnythingBeforeATokenIsClosed() {
        on.open(null);
        on.sends("{\"type\":\"ping\"}");
        assertThat(on.got()).containsExactly(UNREADABLE);
    }

    @Test
    void whoSendsATokenThatIsNotValidIsToldSoUnderItsRef() {
        on.open(null);
        on.sends("{\"type\":\"auth\",\"ref\":1,\"token\":\"nobody\"}");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"error\",\"ref\":1,\"code\":\"unauthenticated\",\"message\":\"the token is not valid\","
                                + "\"temporary\":false}",
                        "close 3500 the token is refused");
    }

    @Test
    void whoSendsATokenThatHasExpiredMayComeBackALittleLater() {
        on.open(null);
        on.sends("{\"type\":\"auth\",\"token\":\"expired\"}");
        assertThat(on.got())
                .containsExactly(
                        refused("the token has expired"),
                        "{\"type\":\"goodbye\",\"code\":3005,\"reason\":\"the token ran out\",\"retry_ms\":[200,1000]}",
                        "close 3005 the token ran out");
    }

    @Test
    void aFrameWithAFaultBeforeATokenIsAnsweredByAClose() {
        on.open(null);
        on.sends("{\"type\":\"auth\"}");
        assertThat(on.got()).containsExactly(UNREADABLE);
    }

    // How long a token lasts.

    @Test
    void aTokenThatRunsOutClosesTheSocketAndItsClientMayComeBackImmediately() {
        token("short", "bob", Instant.now().plusSeconds(60));
        on.open("short");
        on.drop();
        on.pass(Duration.ofSeconds(40));
        on.sends("{\"type\":\"pong\"}");
        assertThat(on.got()).doesNotContain("close 3005 the token ran out");
        on.pass(Duration.ofSeconds(20));
        assertThat(on.got())
                .endsWith(
                        "{\"type\":\"goodbye\",\"code\":3005,\"reason\":\"the token ran out\",\"retry_ms\":[0,0]}",
                        "close 3005 the token ran out");
    }

    @Test
    void aNewTokenOfTheSameOneExtendsTheSocketsLifeWithoutAnotherWelcome() {
        token("short", "bob", Instant.now().plusSeconds(20));
        token("long", "bob", Instant.now().plusSeconds(100));
        on.open("short");
        on.drop();
        on.sends("{\"type\":\"auth\",\"ref\":2,\"token\":\"long\"}");
        assertThat(on.got()).containsExactly("{\"type\":\"ok\",\"ref\":2}");
        on.pass(Duration.ofSeconds(24));
        assertThat(on.got()).isEmpty();
    }

    @Test
    void aTokenThatNeverExpiresStopsTheClockOfTheOneBefore() {
        token("short", "ann", Instant.now().plusSeconds(20));
        on.open("short");
        on.drop();
        on.sends("{\"type\":\"auth\",\"token\":\"ann\"}");
        assertThat(on.got()).containsExactly("{\"type\":\"ok\"}");
        on.pass(Duration.ofSeconds(24));
        assertThat(on.got()).isEmpty();
    }

    @Test
    void aTokenMayBeGoodForLongerThanTimersCount() {
        token("endless", "bob", Instant.MAX);
        on.open("endless");
        assertThat(on.got()).hasSize(1);
        on.pass(SECOND);
        assertThat(on.got()).isEmpty();
    }

    @Test
    void anotherOnesTokenClosesTheSocket() {
        on.openAsAnn();
        token("bob", "bob", Instant.now().plusSeconds(60));
        on.sends("{\"type\":\"auth\",\"ref\":2,\"token\":\"bob\"}");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"error\",\"ref\":2,\"code\":\"unauthenticated\",\"message\":\"the token has"
                                + " another subject or tenant: open another socket with it\",\"temporary\":false}",
                        "close 3500 the token is refused");
    }

    // Limits on connecting.

    @Test
    void whoSaysLaterWhoTheyAreIsCountedThen() {
        on.connect = LimitedTurnstiles.letting(1, LimitScope.SUBJECT);
        on.open(null);
        on.sends("{\"type\":\"auth\",\"ref\":1,\"token\":\"ann\"}");
        assertThat(on.got()).hasSize(2).startsWith("{\"type\":\"ok\",\"ref\":1}");
        // The same socket's next token is no other connection.
        on.sends("{\"type\":\"auth\",\"ref\":2,\"token\":\"ann\"}");
        assertThat(on.got()).containsExactly("{\"type\":\"ok\",\"ref\":2}");
    }

    @Test
    void whoConnectsTooOftenIsToldWhenToComeBack() {
        on.connect = LimitedTurnstiles.letting(1, LimitScope.TENANT);
        assertThat(on.connect
                        .pass(Objects.requireNonNull(on.tokens.get("ann")), "", "192.0.2.1", 1)
                        .block())
                .isNotNull();
        on.open(null);
        on.sends("{\"type\":\"auth\",\"ref\":1,\"token\":\"ann\"}");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"error\",\"ref\":1,\"code\":\"rate_limited\",\"message\":\"too much for the limit tested:"
                                + " try again in 60000 ms\",\"temporary\":true,\"retry_ms\":60000}",
                        "{\"type\":\"goodbye\",\"code\":3013,\"reason\":\"rate limited\",\"retry_ms\":[60000,120000]}",
                        "close 3013 rate limited");
    }

    @Test
    void whereAddressesAreCountedTheUpgradeWasCountedAlready() {
        on.connect = LimitedTurnstiles.letting(1, LimitScope.ADDRESS);
        assertThat(on.connect.pass("192.0.2.1").block()).isNotNull();
        on.open(null);
        on.sends("{\"type\":\"auth\",\"ref\":1,\"token\":\"ann\"}");
        assertThat(on.got()).hasSize(2).startsWith("{\"type\":\"ok\",\"ref\":1}");
    }

    // Frames that are no JSON text.

    @Test
    void textThatIsNoJsonClosesTheSocket() {
        on.openAsAnn();
        on.sends("hello");
        assertThat(on.got()).containsExactly(UNREADABLE);
    }

    @Test
    void anEmptyFrameClosesTheSocket() {
        on.openAsAnn();
        on.sends("");
        assertThat(on.got()).containsExactly(UNREADABLE);
    }

    @Test
    void jsonThatIsNoObjectIsAnswered() {
        on.openAsAnn();
        on.sends("[1]");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"error\",\"code\":\"bad_request\",\"message\":\"this must be a JSON object\","
                                + "\"temporary\":false}");
    }

    @Test
    void aBinaryFrameClosesTheSocket() {
        on.openAsAnn();
        on.sends(new BinaryWebSocketFrame(Unpooled.copiedBuffer("{}", StandardCharsets.UTF_8)));
        assertThat(on.got()).containsExactly(UNREADABLE);
    }

    @Test
    void textThatIsNotUtf8ClosesTheSocket() {
        on.openAsAnn();
        on.sends(new TextWebSocketFrame(true, 0, Unpooled.wrappedBuffer(new byte[] {'"', (byte) 0xc3, '"'})));
        assertThat(on.got()).containsExactly("close 1007 invalid UTF-8");
    }

    @Test
    void anExtensionsBitsCloseTheSocket() {
        on.openAsAnn();
        on.sends(new TextWebSocketFrame(true, 4, "{\"type\":\"ping\"}"));
        assertThat(on.got()).containsExactly("close 1002 protocol error");
    }

    @Test
    void aPongThatNobodyAskedForSaysNothing() {
        on.openAsAnn();
        on.sends(new PongWebSocketFrame());
        assertThat(on.got()).isEmpty();
    }

    @Test
    void aFrameInPiecesIsOneFrame() {
        on.openAsAnn();
        on.sends(new TextWebSocketFrame(false, 0, "{\"type\":"));
        on.sends(new ContinuationWebSocketFrame(true, 0, "\"ping\"}"));
        assertThat(on.got()).containsExactly("{\"type\":\"pong\"}");
    }

    @Test
    void aFrameThatIsTooLargeInPiecesClosesTheSocket() {
        on.openAsAnn();
        on.sends(new TextWebSocketFrame(false, 0, " ".repeat(MAX_FRAME)));
        on.sends(new ContinuationWebSocketFrame(true, 0, "{\"type\":\"ping\"}"));
        assertThat(on.got()).containsExactly("close 1009 frame too large");
    }

    @Test
    void aFrameThatIsTooLargeInOneIsClosedByNettyItself() {
        on.openAsAnn();
        on.sends(" ".repeat(MAX_FRAME + 1));
        assertThat(on.got()).singleElement().asString().startsWith("close 1009");
        assertThat(on.channel.isActive()).isFalse();
        assertThat(on.hasEnded()).isTrue();
    }

    @Test
    void theLargestFrameIsTaken() {
        on.openAsAnn();
        String ping = "{\"type\":\"ping\"}";
        on.sends(ping + " ".repeat(MAX_FRAME - ping.length()));
        assertThat(on.got()).containsExactly("{\"type\":\"pong\"}");
    }

    // How much is under way.

    @Test
    void aSocketIsReadNoFurtherWhile64FramesAreUnderWay() {
        List<Sinks.One<byte[]>> answers = new ArrayList<>();
        on.calls = (who, method, params) -> Mono.defer(() -> {
            Sinks.One<byte[]> answer = Sinks.one();
            answers.add(answer);
            return answer.asMono();
        });
        on.openAsAnn();
        for (int i = 0; i < 70; i++) {
            on.sends("{\"type\":\"call\",\"ref\":" + i + ",\"method\":\"m\"}");
        }
        assertThat(answers).hasSize(64);
        answers.get(5).tryEmitValue("5".getBytes(StandardCharsets.UTF_8)).orThrow();
        assertThat(answers).hasSize(65);
        assertThat(on.got()).containsExactly("{\"type\":\"ok\",\"ref\":5,\"result\":5}");
    }

    @Test
    void aClientThatDoesNotReadIsClosedAsTooSlow() {
        on.openAsAnn();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"c\"}");
        Subscriber follower = on.conversations.follower("c");
        on.stopsReading();
        on.channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(100, 200));
        String large = "\"" + "x".repeat(500) + "\"";
        for (int i = 0; i < 20; i++) {
            follower.offer(ScriptedConversations.delivery(large));
            on.pass(Duration.ofMillis(1));
        }
        on.readsAgain();
        // What the channel took before; what waited in the outbox has gone.
        assertThat(on.got())
                .containsExactly("{\"type\":\"ok\",\"ref\":" + large + "}", "close 3008 too slow: resume with since");
    }

    @Test
    void aClientThatReadsSlowlyGetsAllThatIsLeftBeforeTheClose() {
        on.openAsAnn();
        on.stopsReading();
        on.channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(100, 200));
        for (int i = 0; i < 3; i++) {
            on.socket().offer(ServerFrames.ok("\"" + i + "x".repeat(500) + "\""));
            on.pass(Duration.ofMillis(1));
        }
        on.socket().close(CloseCode.DRAINING);
        on.pass(Duration.ofMillis(1));
        on.readsAgain();
        List<String> got = on.got();
        assertThat(got).hasSize(4).endsWith("close 3001 the node is draining");
        for (int i = 0; i < 3; i++) {
            assertThat(got.get(i)).startsWith("{\"type\":\"ok\",\"ref\":\"" + i);
        }
    }

    @Test
    void aFollowersRoomIsTheSocketsOutboxes() {
        on.openAsAnn();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"c\"}");
        Subscriber follower = on.conversations.follower("c");
        assertThat(follower.loop()).isSameAs(on.channel.eventLoop());
        assertThat(follower.hasRoom()).isTrue();
        follower.offer(ScriptedConversations.delivery("\"" + "x".repeat(1_500) + "\""));
        assertThat(follower.hasRoom()).isFalse();
        List<String> told = new ArrayList<>();
        var unused = follower.room().subscribe(nothing -> {}, error -> {}, () -> told.add("room"));
        assertThat(on.got()).hasSize(1);
        assertThat(told).containsExactly("room");
    }

    // Heartbeats.

    @Test
    void aClientThatIsSilentIsPingedAndThenClosed() {
        on.openAsAnn();
        on.pass(HEARTBEAT.minusMillis(1));
        assertThat(on.got()).isEmpty();
        on.pass(Duration.ofMillis(1));
        assertThat(on.got()).containsExactlyInAnyOrder("{\"type\":\"ping\"}", "ping");
        on.pass(HEARTBEAT.minusMillis(1));
        assertThat(on.got()).isEmpty();
        on.pass(Duration.ofMillis(1));
        assertThat(on.got()).containsExactly("close 3012 no heartbeat");
    }

    @Test
    void whateverAClientSendsCountsAsALifeSign() {
        on.openAsAnn();
        on.pass(Duration.ofSeconds(20));
        on.sends(new PongWebSocketFrame());
        on.pass(Duration.ofSeconds(24));
        assertThat(on.got()).isEmpty();
        on.pass(SECOND);
        assertThat(on.got()).containsExactlyInAnyOrder("{\"type\":\"ping\"}", "ping");
        on.sends("{\"type\":\"pong\"}");
        on.pass(Duration.ofSeconds(24));
        assertThat(on.got()).isEmpty();
        on.pass(SECOND);
        assertThat(on.got()).containsExactlyInAnyOrder("{\"type\":\"ping\"}", "ping");
    }

    // What the gateway does to it.

    @Test
    void onlyWhoHasBeenLetInIsToldWhatConcernsEverybody() {
        on.open(null);
        on.socket().tell(ServerFrames.status(true, 0));
        assertThat(on.got()).isEmpty();
        on.sends("{\"type\":\"auth\",\"token\":\"ann\"}");
        on.drop();
        on.socket().tell(ServerFrames.status(true, 0));
        assertThat(on.got()).containsExactly("{\"type\":\"status\",\"redis\":\"up\",\"queued\":0}");
    }

    @Test
    void aGoodbyeSaysWhenToComeBackAndNothingIsTakenAfterIt() {
        on.openAsAnn();
        on.socket().goodbye(CloseCode.DRAINING, Duration.ZERO, SECOND);
        on.sends("{\"type\":\"ping\"}");
        on.socket().goodbye(CloseCode.EXPIRED, Duration.ZERO, SECOND);
        on.socket().close(CloseCode.SLOW);
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"goodbye\",\"code\":3001,\"reason\":\"the node is draining\",\"retry_ms\":[0,1000]}",
                        "close 3001 the node is draining");
    }

    @Test
    void whoDoesNotAnswerTheCloseIsCutOffTenSecondsLater() {
        on.openAsAnn();
        on.socket().close(CloseCode.DRAINING);
        assertThat(on.got()).hasSize(1);
        on.pass(Duration.ofSeconds(10).minusMillis(1));
        assertThat(on.channel.isActive()).isTrue();
        on.pass(Duration.ofMillis(1));
        assertThat(on.channel.isActive()).isFalse();
        assertThat(on.hasEnded()).isTrue();
    }

    @Test
    void whoIsCutOffGetsNothingMore() {
        on.openAsAnn();
        on.socket().cut();
        assertThat(on.got()).isEmpty();
        assertThat(on.channel.isActive()).isFalse();
    }

    @Test
    void whoHangsUpLeavesAllConversationsImmediately() {
        Sinks.Empty<Void> revived = Sinks.empty();
        on.openAsAnn();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"a\"}");
        on.conversations.reviving = revived.asMono();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"b\"}");
        on.hangsUp();
        assertThat(on.conversations.asked).endsWith("revive b", "leave a");
        on.pass(HEARTBEAT.multipliedBy(3));
        assertThat(on.got()).isEmpty();
        // What it asked for last goes on, and leaves no trace.
        revived.tryEmitEmpty().orThrow();
        assertThat(on.conversations.asked).endsWith("leave a", "follow b", "leave b");
        assertThat(on.hasEnded()).isTrue();
    }

    @Test
    void aConnectionThatBreaksEndsTheSocket() {
        on.openAsAnn();
        on.channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        on.pass(SECOND);
        assertThat(on.channel.isActive()).isFalse();
        assertThat(on.hasEnded()).isTrue();
    }

    @Test
    void aFaultOfThePipelineEndsTheSocket() {
        on.openAsAnn();
        on.channel.pipeline().fireExceptionCaught(new IllegalStateException("a fault"));
        on.pass(SECOND);
        assertThat(on.hasEnded()).isTrue();
    }
}
