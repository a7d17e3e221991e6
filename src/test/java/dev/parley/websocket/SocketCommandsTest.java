package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Access;
import dev.parley.auth.Role;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import dev.parley.event.EventCodec;
import dev.parley.event.InvalidEventException;
import dev.parley.event.Position;
import dev.parley.hub.Subscriber;
import dev.parley.inbox.UserMessage;
import dev.parley.inbox.UserMessages;
import dev.parley.publish.PublishResult;
import dev.parley.ratelimit.LimitScope;
import dev.parley.ratelimit.LimitedTurnstiles;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What each frame of a client asks for, and each answer, word for word. */
final class SocketCommandsTest {

    private static final String ID_RULE =
            "must be 1 to 128 printable ASCII characters without space, {, }, \\\" and \\\\";

    private final SocketHarness on = new SocketHarness();

    @AfterEach
    void close() {
        on.close();
    }

    private static String error(String ref, String code, String message) {
        return "{\"type\":\"error\",\"ref\":" + ref + ",\"code\":\"" + code + "\",\"message\":\"" + message
                + "\",\"temporary\":false}";
    }

    private static String temporaryError(String ref, String code, String message) {
        return "{\"type\":\"error\",\"ref\":" + ref + ",\"code\":\"" + code + "\",\"message\":\"" + message
                + "\",\"temporary\":true,\"retry_ms\":1000}";
    }

    private void openWithRoles(Role... roles) {
        on.tokens.put("bob", SocketHarness.principal("bob", "acme", Set.of(roles), null));
        on.open("bob");
        on.drop();
    }

    // Frames that ask for nothing that can be done.

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"type\":\"dance\",\"ref\":1} | type is unknown: known are auth, subscribe, unsubscribe, send, publish,"
                        + " cancel, call, ping and pong",
                "{\"ref\":1} | type is missing: it must be a string",
                "{\"ref\":1,\"type\":7} | type must be a string",
                "{\"ref\":1,\"type\":\"subscribe\"} | conversation is missing: it must be a string",
                "{\"ref\":1,\"type\":\"subscribe\",\"conversation\":5} | conversation must be a string",
                "{\"ref\":1,\"type\":\"subscribe\",\"conversation\":\"c\",\"since\":5} | since must be a string",
                "{\"ref\":1,\"type\":\"unsubscribe\"} | conversation is missing: it must be a string",
                "{\"ref\":1,\"type\":\"send\",\"content\":\"hi\"} | conversation is missing: it must be a string",
                "{\"ref\":1,\"type\":\"send\",\"conversation\":\"c\"} | content is missing: it must be a string or an array of"
                        + " content parts, each with its type",
                "{\"ref\":1,\"type\":\"send\",\"conversation\":\"c\",\"content\":5} | content must be a string or an array of"
                        + " content parts, each with its type",
                "{\"ref\":1,\"type\":\"send\",\"conversation\":\"c\",\"content\":[]} | content must be a string or an array of"
                        + " content parts, each with its type",
                "{\"ref\":1,\"type\":\"send\",\"conversation\":\"c\",\"content\":\"x\",\"message_id\":5} | message_id must be a"
                        + " string",
                "{\"ref\":1,\"type\":\"send\",\"conversation\":\"c\",\"content\":\"x\",\"metadata\":[]} | metadata must be a JSON"
                        + " object",
                "{\"ref\":1,\"type\":\"send\",\"conversation\":\"c\",\"content\":\"x\",\"cache\":{}} | cache.category must be a"
                        + " string, such as faq",
                "{\"ref\":1,\"type\":\"publish\",\"conversation\":\"c\",\"payload\":{}} | event is missing: it must be a string",
                "{\"ref\":1,\"type\":\"publish\",\"conversation\":\"c\",\"event\":\"e\"} | payload is missing: it must be a JSON"
                        + " object",
                "{\"ref\":1,\"type\":\"publish\",\"conversation\":\"c\",\"event\":\"e\",\"payload\":\"x\"} | payload must be a"
                        + " JSON object",
                "{\"ref\":1,\"type\":\"publish\",\"conversation\":\"c\",\"event\":\"e\",\"payload\":{},\"durable\":1} | durable"
                        + " must be true or false",
                "{\"ref\":1,\"type\":\"cancel\"} | conversation is missing: it must be a string",
                "{\"ref\":1,\"type\":\"cancel\",\"conversation\":\"c\",\"run\":1} | run must be a string",
                "{\"ref\":1,\"type\":\"call\"} | method is missing: it must be a string",
                "{\"ref\":1,\"type\":\"call\",\"method\":\"m\",\"params\":[]} | params must be a JSON object",
                "{\"ref\":1,\"type\":\"auth\"} | token is missing: it must be a string",
            })
    void aFrameWithAFaultIsAnsweredWithTheFieldAndTheFix(String frame, String message) {
        on.openAsAnn();
        on.sends(frame);
        assertThat(on.got()).containsExactly(error("1", "bad_request", message));
        assertThat(on.conversations.asked).isEmpty();
        on.sends("{\"type\":\"ping\",\"ref\":2}");
        assertThat(on.got()).containsExactly("{\"type\":\"pong\",\"ref\":2}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"ref\":1,\"type\":\"subscribe\",\"conversation\":\"a b\"} | conversation",
                "{\"ref\":1,\"type\":\"unsubscribe\",\"conversation\":\"\"} | conversation",
                "{\"ref\":1,\"type\":\"send\",\"conversation\":\"{c}\",\"content\":\"hi\"} | conversation",
                "{\"ref\":1,\"type\":\"cancel\",\"conversation\":\"c\\u0000\"} | conversation",
                "{\"ref\":1,\"type\":\"publish\",\"conversation\":\"ä\",\"event\":\"e\",\"payload\":{}} | conversation",
                "{\"ref\":1,\"type\":\"publish\",\"conversation\":\"c\",\"event\":\"\",\"payload\":{}} | event",
                "{\"ref\":1,\"type\":\"publish\",\"conversation\":\"c\",\"event\":\"e\",\"event_id\":\"a b\",\"payload\":{}} |"
                        + " event_id",
            })
    void anIdThatIsNoneIsRejected(String frame, String field) {
        on.openAsAnn();
        on.sends(frame);
        assertThat(on.got()).containsExactly(error("1", "bad_request", field + " " + ID_RULE));
        assertThat(on.conversations.asked).isEmpty();
    }

    @Test
    void aPongIsNotAnswered() {
        on.openAsAnn();
        on.sends("{\"type\":\"pong\"}");
        assertThat(on.got()).isEmpty();
    }

    @Test
    void aPingIsAnsweredWithOrWithoutARef() {
        on.openAsAnn();
        on.sends("{\"type\":\"ping\"}");
        on.sends("{\"type\":\"ping\",\"ref\":\"x\"}");
        assertThat(on.got()).containsExactly("{\"type\":\"pong\"}", "{\"type\":\"pong\",\"ref\":\"x\"}");
    }

    // Subscribe.

    @Test
    void aSubscriptionBringsBackTheSessionAndThenFollows() {
        Sinks.Empty<Void> revived = Sinks.empty();
        on.conversations.reviving = revived.asMono();
        on.openAsAnn();
        on.sends("{\"type\":\"subscribe\",\"ref\":7,\"conversation\":\"c\",\"since\":\"5-1\"}");
        assertThat(on.conversations.asked).containsExactly("revive c");
        revived.tryEmitEmpty().orThrow();
        assertThat(on.conversations.asked).containsExactly("revive c", "follow c ref 7 since 5-1");
        assertThat(on.conversations.accesses).containsExactly(new Access("acme", true, true));
        // The hub answers.
        assertThat(on.got()).isEmpty();
        on.conversations.follower("c").offer(ScriptedConversations.delivery("7"));
        assertThat(on.got()).containsExactly("{\"type\":\"ok\",\"ref\":7}");
    }

    @Test
    void aSubscriptionAnewLeavesTheOneBefore() {
        on.openAsAnn();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"c\"}");
        Subscriber before = on.conversations.follower("c");
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"c\"}");
        assertThat(on.conversations.asked).containsExactly("revive c", "follow c", "leave c", "revive c", "follow c");
        before.offer(ScriptedConversations.delivery("1"));
        before.offerEphemeral(ScriptedConversations.ephemeral("{\"n\":2}"));
        before.refused(ParleyException.of(ErrorCode.UNAVAILABLE, "too late"));
        assertThat(on.got()).isEmpty();
        on.conversations.follower("c").offerEphemeral(ScriptedConversations.ephemeral("{\"n\":3}"));
        assertThat(on.got()).containsExactly("{\"type\":\"event\",\"conversation\":\"c\",\"event\":{\"n\":3}}");
    }

    @Test
    void aSocketFollowsSoManyConversationsAtMost() {
        on.openAsAnn();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"a\"}");
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"b\"}");
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"c\",\"ref\":3}");
        assertThat(on.got())
                .containsExactly(error(
                        "3", "bad_request", "a socket may subscribe to 2 conversations: unsubscribe from one first"));
        // One of them anew is no third one.
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"a\"}");
        on.sends("{\"type\":\"unsubscribe\",\"conversation\":\"b\",\"ref\":4}");
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"c\"}");
        assertThat(on.got()).containsExactly("{\"type\":\"ok\",\"ref\":4}");
        assertThat(on.conversations.asked).endsWith("follow a", "leave b", "revive c", "follow c");
    }

    @Test
    void whoHasNoRoleMayNotSubscribe() {
        openWithRoles();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"c\",\"ref\":1}");
        assertThat(on.got()).containsExactly(error("1", "forbidden", "this needs a role: the token's roles are empty"));
        assertThat(on.conversations.asked).isEmpty();
    }

    @Test
    void aConversationThatDoesNotExistIsRefusedAndWitnessedAndMakesRoom() {
        on.conversations.reviving =
                Mono.error(ParleyException.of(ErrorCode.NOT_FOUND, "there is no such conversation"));
        on.openAsAnn();
        for (String name : List.of("a", "b", "c")) {
            on.sends("{\"type\":\"subscribe\",\"conversation\":\"" + name + "\",\"ref\":1}");
            assertThat(on.got()).containsExactly(error("1", "not_found", "there is no such conversation"));
        }
        assertThat(on.witnessed)
                .containsExactly("ann may not subscribe a", "ann may not subscribe b", "ann may not subscribe c");
    }

    @Test
    void aConversationThatTheHubGivesUpIsToldUnderTheSubscriptionsRefAndNotWitnessed() {
        on.openAsAnn();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"a\",\"ref\":\"s\"}");
        Subscriber follower = on.conversations.follower("a");
        follower.refused(ParleyException.of(ErrorCode.UNAVAILABLE, "Redis is unavailable"));
        follower.refused(ParleyException.of(ErrorCode.UNAVAILABLE, "Redis is unavailable"));
        assertThat(on.got()).containsExactly(temporaryError("\"s\"", "unavailable", "Redis is unavailable"));
        assertThat(on.witnessed).isEmpty();
        assertThat(on.conversations.asked).endsWith("leave a");
        on.sends("{\"type\":\"unsubscribe\",\"conversation\":\"a\"}");
        assertThat(on.conversations.asked).containsOnlyOnce("leave a");
    }

    @Test
    void whoLeavesBeforeTheSessionIsBackDoesNotStay() {
        Sinks.Empty<Void> revived = Sinks.empty();
        on.conversations.reviving = revived.asMono();
        on.openAsAnn();
        on.sends("{\"type\":\"subscribe\",\"conversation\":\"c\"}");
        on.sends("{\"type\":\"unsubscribe\",\"conversation\":\"c\",\"ref\":2}");
        assertThat(on.got()).containsExactly("{\"type\":\"ok\",\"ref\":2}");
        revived.tryEmitEmpty().orThrow();
        assertThat(on.conversations.asked).containsExactly("revive c", "follow c", "leave c");
    }

    @Test
    void anUnsubscriptionOfWhatIsNotFollowedIsFine() {
        on.openAsAnn();
        on.sends("{\"type\":\"unsubscribe\",\"conversation\":\"c\",\"ref\":2}");
        assertThat(on.got()).containsExactly("{\"type\":\"ok\",\"ref\":2}");
        assertThat(on.conversations.asked).isEmpty();
    }

    // Send and cancel.

    @Test
    void aMessageIsSentWithAllThatItHas() {
        on.openAsAnn();
        on.sends("{\"type\":\"send\",\"ref\":1,\"conversation\":\"c\",\"content\":\"hi\",\"message_id\":\"m1\","
                + "\"metadata\":{\"a\":1},\"cache\":{\"category\":\"faq\"}}");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"ok\",\"ref\":1,\"stored\":true,\"position\":\"7-1\",\"message_id\":\"m1\"}");
        UserMessage message = on.conversations.messages.get(0);
        assertThat(message.conversation()).isEqualTo("c");
        assertThat(message.content().text()).isEqualTo("hi");
        assertThat(message.messageId()).isEqualTo("m1");
        assertThat(message.metadata()).asString(StandardCharsets.UTF_8).isEqualTo("{\"a\":1}");
        assertThat(message.cache()).isEqualTo("faq");
    }

    @Test
    void aMessageThatIsQueuedIsAnsweredSo() {
        on.conversations.sending = message -> Mono.just(new UserMessages.Sent(null, "made"));
        on.openAsAnn();
        on.sends(
                "{\"type\":\"send\",\"ref\":1,\"conversation\":\"c\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"ok\",\"ref\":1,\"stored\":false,\"queued\":true,\"message_id\":\"made\"}");
    }

    @Test
    void aMessageWaitsForTheOneBeforeItHoweverThatEnds() {
        Map<String, Sinks.One<UserMessages.Sent>> answers = new HashMap<>();
        on.conversations.sending = message -> {
            Sinks.One<UserMessages.Sent> answer = Sinks.one();
            answers.put(Objects.requireNonNull(message.messageId()), answer);
            return answer.asMono();
        };
        on.openAsAnn();
        for (int i = 1; i <= 2; i++) {
            on.sends("{\"type\":\"send\",\"ref\":" + i + ",\"conversation\":\"c" + i
                    + "\",\"content\":\"x\",\"message_id\":\"m" + i + "\"}");
        }
        on.sends("{\"type\":\"cancel\",\"ref\":3,\"conversation\":\"c\",\"run\":\"r\",\"reason\":\"enough\"}");
        assertThat(answers).containsOnlyKeys("m1");
        Objects.requireNonNull(answers.get("m1"))
                .tryEmitError(ParleyException.of(ErrorCode.OVERLOADED, "the inbox is full"))
                .orThrow();
        assertThat(on.got()).containsExactly(temporaryError("1", "overloaded", "the inbox is full"));
        assertThat(answers).containsOnlyKeys("m1", "m2");
        assertThat(on.conversations.asked).hasSize(2);
        Objects.requireNonNull(answers.get("m2"))
                .tryEmitValue(new UserMessages.Sent(new Position(8, 0), "m2"))
                .orThrow();
        assertThat(on.conversations.asked).endsWith("cancel c r enough");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"ok\",\"ref\":2,\"stored\":true,\"position\":\"8-0\",\"message_id\":\"m2\"}",
                        "{\"type\":\"ok\",\"ref\":3,\"stored\":true,\"position\":\"7-2\",\"message_id\":\"made\"}");
    }

    @Test
    void whoIsNoUserMayNeitherSendNorCancel() {
        openWithRoles(Role.AGENT);
        String message = "this needs the role user: the token's roles do not include it";
        on.sends("{\"type\":\"send\",\"ref\":1,\"conversation\":\"c\",\"content\":\"x\"}");
        on.sends("{\"type\":\"cancel\",\"ref\":2,\"conversation\":\"c\"}");
        assertThat(on.got()).containsExactly(error("1", "forbidden", message), error("2", "forbidden", message));
        assertThat(on.conversations.asked).isEmpty();
    }

    @Test
    void messagesPastTheLimitAreRejectedAndTheNextOnesAreNotHeldUp() {
        on.send = LimitedTurnstiles.letting(1, LimitScope.CONVERSATION);
        on.openAsAnn();
        on.sends("{\"type\":\"send\",\"ref\":1,\"conversation\":\"c\",\"content\":\"x\",\"message_id\":\"m\"}");
        on.sends("{\"type\":\"send\",\"ref\":2,\"conversation\":\"c\",\"content\":\"x\"}");
        on.sends("{\"type\":\"send\",\"ref\":3,\"conversation\":\"d\",\"content\":\"x\",\"message_id\":\"n\"}");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"ok\",\"ref\":1,\"stored\":true,\"position\":\"7-1\",\"message_id\":\"m\"}",
                        "{\"type\":\"error\",\"ref\":2,\"code\":\"rate_limited\",\"message\":\"too much for the limit tested:"
                                + " try again in 60000 ms\",\"temporary\":true,\"retry_ms\":60000}",
                        "{\"type\":\"ok\",\"ref\":3,\"stored\":true,\"position\":\"7-1\",\"message_id\":\"n\"}");
        assertThat(on.conversations.messages).hasSize(2);
    }

    // Publish.

    @Test
    void anEventIsPublishedUnderItsIdWithItsConversationPutIn() {
        on.openAsAnn();
        on.sends("{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"agent.note\",\"event_id\":\"e1\","
                + "\"payload\":{\"a\":1}}");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"ok\",\"ref\":1,\"stored\":true,\"position\":\"7-3\",\"event_id\":\"e1\"}");
        assertThat(on.conversations.asked).containsExactly("publish e1");
        assertThat(on.conversations.accesses).containsExactly(new Access("acme", true, true));
        assertThat(ScriptedConversations.json(on.conversations.events.get(0)))
                .matches("\\{\"event\":\"agent.note\",\"event_id\":\"e1\",\"timestamp\":\"[-0-9T:.]+Z\","
                        + "\"payload\":\\{\"conversation_id\":\"c\",\"a\":1}}");
    }

    @Test
    void anEventWithoutAnIdGetsOne() {
        on.openAsAnn();
        on.sends("{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"agent.note\",\"payload\":{}}");
        String id = Objects.requireNonNull(on.conversations.events.get(0).eventId());
        assertThat(id).isNotEmpty();
        assertThat(on.got()).singleElement().asString().contains("\"event_id\":\"" + id + "\"");
    }

    @Test
    void anEventThatIsQueuedIsAnsweredSo() {
        on.conversations.publishing = event -> Mono.just(new PublishResult.Queued());
        on.openAsAnn();
        on.sends(
                "{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"n\",\"event_id\":\"e\",\"payload\":{}}");
        assertThat(on.got())
                .containsExactly("{\"type\":\"ok\",\"ref\":1,\"stored\":false,\"queued\":true,\"event_id\":\"e\"}");
    }

    @Test
    void anEventThatIsNotDurableIsPassedOn() {
        on.openAsAnn();
        on.sends(
                "{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"n\",\"payload\":{},\"durable\":false}");
        assertThat(on.got()).containsExactly("{\"type\":\"ok\",\"ref\":1,\"stored\":false}");
        assertThat(on.conversations.asked).containsExactly("pass on n");
    }

    @Test
    void anEventForAnotherConversationIsRejected() {
        on.openAsAnn();
        on.sends("{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"n\","
                + "\"payload\":{\"conversation_id\":\"d\"}}");
        assertThat(on.got())
                .containsExactly(
                        error(
                                "1",
                                "bad_request",
                                "payload.conversation_id is d, but the event was sent to c: leave it out or make them the same"));
    }

    @Test
    void anEventThatIsTooLargeIsRejectedAsThat() {
        on.conversations.publishing = event -> Mono.error(catchTooLarge());
        on.openAsAnn();
        on.sends("{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"n\",\"payload\":{}}");
        assertThat(on.got())
                .containsExactly(error("1", "too_large", "the event has 65537 bytes; at most 65536 are accepted"));
    }

    private static InvalidEventException catchTooLarge() {
        try {
            throw new AssertionError(EventCodec.parse(new byte[65_537]));
        } catch (InvalidEventException e) {
            return e;
        }
    }

    @Test
    void whoIsNoAgentMayNotPublish() {
        openWithRoles(Role.USER);
        on.sends("{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"n\",\"payload\":{}}");
        assertThat(on.got())
                .containsExactly(
                        error("1", "forbidden", "this needs the role agent: the token's roles do not include it"));
    }

    @Test
    void eventsThatAreCheckedFirstArePublishedInTheirOrderAlthoughChecksRunTogether() {
        Map<String, Sinks.Empty<Void>> checks = new HashMap<>();
        on.conversations.admits = false;
        on.conversations.admitting = conversation -> {
            Sinks.Empty<Void> check = Sinks.empty();
            checks.put(conversation, check);
            return check.asMono();
        };
        on.openAsAnn();
        for (String name : List.of("a", "b")) {
            on.sends("{\"type\":\"publish\",\"ref\":1,\"conversation\":\"" + name + "\",\"event\":\"n\",\"event_id\":\""
                    + name + "\",\"payload\":{}}");
        }
        // One that needs no check does not overtake them.
        on.conversations.admits = true;
        on.conversations.admitting = conversation -> Mono.empty();
        on.sends(
                "{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"n\",\"event_id\":\"c\",\"payload\":{}}");
        assertThat(on.conversations.asked).containsExactly("admit a", "admit b", "admit c");
        Objects.requireNonNull(checks.get("b")).tryEmitEmpty().orThrow();
        assertThat(on.conversations.asked).hasSize(3);
        Objects.requireNonNull(checks.get("a")).tryEmitEmpty().orThrow();
        assertThat(on.conversations.asked)
                .containsExactly("admit a", "admit b", "admit c", "publish a", "publish b", "publish c");
    }

    @Test
    void anEventInAConversationThatDoesNotExistIsRefusedAndWitnessed() {
        on.conversations.publishing =
                event -> Mono.error(ParleyException.of(ErrorCode.NOT_FOUND, "there is no such conversation"));
        on.openAsAnn();
        on.sends("{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"n\",\"payload\":{}}");
        assertThat(on.got()).containsExactly(error("1", "not_found", "there is no such conversation"));
        assertThat(on.witnessed).containsExactly("ann may not publish c");
    }

    @Test
    void anEventThatIsRefusedForAnotherReasonIsNotWitnessed() {
        on.conversations.publishing = event -> Mono.error(ParleyException.of(ErrorCode.OVERLOADED, "too much"));
        on.openAsAnn();
        on.sends("{\"type\":\"publish\",\"ref\":1,\"conversation\":\"c\",\"event\":\"n\",\"payload\":{}}");
        assertThat(on.got()).containsExactly(temporaryError("1", "overloaded", "too much"));
        assertThat(on.witnessed).isEmpty();
    }

    @Test
    void eventsPastTheLimitAreRejectedBeforeAnythingIsAskedAboutThem() {
        on.publish = LimitedTurnstiles.letting(1, LimitScope.SUBJECT);
        on.openAsAnn();
        for (int i = 1; i <= 2; i++) {
            on.sends("{\"type\":\"publish\",\"ref\":" + i
                    + ",\"conversation\":\"c\",\"event\":\"n\",\"event_id\":\"e\",\"payload\":{}}");
        }
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"ok\",\"ref\":1,\"stored\":true,\"position\":\"7-3\",\"event_id\":\"e\"}",
                        "{\"type\":\"error\",\"ref\":2,\"code\":\"rate_limited\",\"message\":\"too much for the limit tested:"
                                + " try again in 60000 ms\",\"temporary\":true,\"retry_ms\":60000}");
        assertThat(on.conversations.asked).containsExactly("admit c", "publish e");
    }

    // Call, and faults of the gateway's own.

    @Test
    void aCallIsAnsweredWithItsResult() {
        on.openAsAnn();
        on.sends("{\"type\":\"call\",\"ref\":1,\"method\":\"sessions.get\",\"params\":{\"id\":\"c\"}}");
        on.sends("{\"type\":\"call\",\"ref\":2,\"method\":\"stats\"}");
        assertThat(on.got())
                .containsExactly(
                        "{\"type\":\"ok\",\"ref\":1,\"result\":{\"method\":\"sessions.get\",\"params\":{\"id\":\"c\"}}}",
                        "{\"type\":\"ok\",\"ref\":2,\"result\":{\"method\":\"stats\",\"params\":{}}}");
    }

    @Test
    void aCallThatIsRefusedSaysWhy() {
        on.calls =
                (who, method, params) -> Mono.error(ParleyException.of(ErrorCode.CONFLICT, "the version is another"));
        on.openAsAnn();
        on.sends("{\"type\":\"call\",\"ref\":1,\"method\":\"m\"}");
        assertThat(on.got()).containsExactly(error("1", "conflict", "the version is another"));
    }

    @Test
    void aFaultOfTheGatewaysOwnIsInternalAndSaysNothingOfItself() {
        on.calls = (who, method, params) -> {
            throw new IllegalStateException("secret");
        };
        on.openAsAnn();
        on.sends("{\"type\":\"call\",\"ref\":1,\"method\":\"m\"}");
        assertThat(on.got()).containsExactly(error("1", "internal", "the gateway failed: its log has the error"));
        on.sends("{\"type\":\"ping\"}");
        assertThat(on.got()).containsExactly("{\"type\":\"pong\"}");
    }
}
