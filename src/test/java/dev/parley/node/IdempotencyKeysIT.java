package dev.parley.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.event.Ids;
import dev.parley.node.TestHttp.Answer;
import dev.parley.support.Await;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** One key stands for one thing: used for another one it is refused, and nothing is invented or swallowed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdempotencyKeysIT {

    private final TestNode node = TestNode.start("limits.jobs.events", "10", "limits.jobs.period", "1h");
    private final String c = "keys-" + Ids.random();

    @AfterAll
    void close() {
        node.close();
    }

    private Answer post(String path, String key, String json) {
        return post(node, path, key, json);
    }

    private static Answer post(TestNode node, String path, String key, String json) {
        return TestHttp.postJson(node.http("/v1/" + path), json.replace('\'', '"'), "Idempotency-Key", key);
    }

    private Answer publish(String c, String key) {
        return post("conversations/" + c + "/events", key, "{'event':'agent.note','payload':{}}");
    }

    private static void requireConflict(Answer answer, String... words) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(409);
        assertThat(answer.json().path("code").asText()).isEqualTo("conflict");
        assertThat(answer.body()).contains(words);
    }

    @Test
    void aKeyOfAnEventMakesNoSession() {
        String c = "keys-" + Ids.random();
        assertThat(publish(c, "k").status()).isEqualTo(201);
        requireConflict(post("sessions", "k", "{'conversation':'" + c + "'}"), "k was used", "agent.note");
        assertThat(TestHttp.get(node.http("/v1/sessions/" + c)).status()).isEqualTo(404);
    }

    @Test
    void aKeyOfASessionSwallowsNoMessageAndNoEvent() {
        String c = "keys-" + Ids.random();
        String create = "{'conversation':'" + c + "'}";
        assertThat(post("sessions", "k", create).status()).isEqualTo(201);
        assertThat(post("sessions", "k", create).status()).isEqualTo(200);
        String message = "{'role':'user','content':'hi'}";
        requireConflict(post("sessions/" + c + "/messages", "k", message), "session.created");
        requireConflict(post("sessions/" + c + "/complete", "k", "{}"), "session.created");
        requireConflict(publish(c, "k"), "session.created");
        assertThat(post("sessions/" + c + "/messages", "m", message).status()).isEqualTo(201);
        JsonNode again = post("sessions/" + c + "/messages", "m", "{'role':'user','content':'other'}")
                .json();
        assertThat(again.path("duplicate").asBoolean()).isTrue();
        assertThat(again.path("seq").asInt()).isEqualTo(1);
        requireConflict(post("sessions/" + c + "/agent", "m", "{'agent':'billing'}"), "session.message");
        assertThat(TestHttp.get(node.http("/v1/sessions/" + c))
                        .json()
                        .path("message_count")
                        .asInt())
                .isEqualTo(1);
    }

    /** The log loses an event long before its id is forgotten. */
    @Test
    void aKeyStandsForItsUseAlsoWhenTheLogHasLostTheEvent() {
        String c = "keys-" + Ids.random();
        String create = "{'conversation':'" + c + "','context':{'n':1}}";
        String message = "{'role':'user','content':'hi'}";
        try (TestNode brief = TestNode.start("log.max-events", "1")) {
            assertThat(post(brief, "sessions", "created", create).status()).isEqualTo(201);
            assertThat(post(brief, "sessions/" + c + "/messages", "said", message)
                            .status())
                    .isEqualTo(201);
            assertThat(post(brief, "conversations/" + c + "/cancel", "cancelled", "{}")
                            .status())
                    .isEqualTo(201);
            assertThat(post(brief, "conversations/" + c + "/messages", "sent", "{'content':'hi'}")
                            .status())
                    .isEqualTo(201);
            String note = "{'event':'agent.note','payload':{}}";
            assertThat(post(brief, "conversations/" + c + "/events", "noted", note)
                            .status())
                    .isEqualTo(201);
            for (int i = 0; i < 300; i++) {
                assertThat(post(brief, "conversations/" + c + "/events", "n-" + i, note)
                                .status())
                        .isEqualTo(201);
            }

            assertThat(post(brief, "sessions", "created", create).status()).isEqualTo(200);
            assertThat(post(brief, "sessions/" + c + "/messages", "said", message)
                            .json()
                            .path("seq")
                            .asInt())
                    .isEqualTo(1);
            assertThat(post(brief, "conversations/" + c + "/cancel", "cancelled", "{}")
                            .status())
                    .isEqualTo(201);
            assertThat(post(brief, "conversations/" + c + "/messages", "sent", "{'content':'hi'}")
                            .status())
                    .isEqualTo(201);
            assertThat(post(brief, "conversations/" + c + "/events", "noted", note)
                            .json()
                            .path("duplicate")
                            .asBoolean())
                    .isTrue();

            requireConflict(post(brief, "sessions/" + c + "/messages", "created", message), "session.created");
            requireConflict(post(brief, "sessions/" + c + "/messages", "noted", message), "noted was used");
            requireConflict(post(brief, "sessions/" + c + "/complete", "said", "{}"), "session.message");
            requireConflict(post(brief, "conversations/" + c + "/events", "created", note), "session.created");
            requireConflict(
                    post(brief, "conversations/" + c + "/messages", "cancelled", "{'content':'hi'}"), "user.cancel");
            requireConflict(post(brief, "conversations/" + c + "/cancel", "sent", "{}"), "sent was used");
            assertThat(TestHttp.get(brief.http("/v1/sessions/" + c))
                            .json()
                            .path("message_count")
                            .asInt())
                    .isEqualTo(2);
        }
    }

    @Test
    void aMessageIdOfACancelIsNoMessage() {
        try (TestSocket socket = TestSocket.welcomed(node.socket())) {
            socket.send("{'type':'send','ref':1,'conversation':'" + c + "','content':'hi','message_id':'m'}")
                    .next("ok");
            socket.send("{'type':'send','ref':2,'conversation':'" + c + "','content':'hi','message_id':'m'}")
                    .next("ok");
            requireConflict(post("conversations/" + c + "/cancel", "m", "{}"), "m was used", "user.message");
            JsonNode called = socket.send("{'type':'publish','ref':4,'conversation':'" + c
                            + "','event':'agent.note','payload':{},'event_id':'n'}")
                    .next("ok");
            assertThat(called.path("stored").asBoolean()).isTrue();
            JsonNode refused = socket.send("{'type':'call','ref':5,'method':'session.append','params':{'id':'" + c
                            + "','role':'user','content':'x','idempotency_key':'n'}}")
                    .next("error");
            assertThat(refused.path("code").asText()).isEqualTo("conflict");
        }
    }

    @Test
    void aKeyOfWhatWasTakenReservesNothing() {
        assertThat(post("limits/jobs/take", "k", "{'cost':2}").status()).isEqualTo(200);
        assertThat(post("limits/jobs/take", "k", "{'cost':2}").status()).isEqualTo(200);
        requireConflict(post("limits/jobs/reserve", "k", "{'cost':2}"), "limits.take");
        assertThat(post("limits/jobs/reserve", "r", "{'cost':1}").status()).isEqualTo(201);
        requireConflict(post("limits/jobs/take", "r", "{'cost':1}"), "limits.reserve");
    }

    @Test
    void nobodyCanTakeTheIdOfWhatTheGatewayNotesItself() {
        String c = "keys-" + Ids.random();
        assertThat(post("conversations/" + c + "/messages", "m-1", "{'content':'hi'}")
                        .status())
                .isEqualTo(201);
        assertThat(post("audit", "message.sent:m-2", "{'conversation':'" + c + "','action':'nothing'}")
                        .status())
                .isEqualTo(201);
        assertThat(post("conversations/" + c + "/messages", "m-2", "{'content':'hi'}")
                        .status())
                .isEqualTo(201);
        Await.until("both are noted", () -> {
            String trail =
                    TestHttp.get(node.http("/v1/audit?conversation=" + c)).body();
            return trail.split("\"message.sent\"", -1).length == 3;
        });
    }
}
