package dev.parley.inbox;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import dev.parley.session.EventWriter;
import dev.parley.support.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** A known answer as the run that its agent would have made of it; each of its events has {@code cached: true}. */
public final class CachedRun {

    private static final JsonFactory JSON = new JsonFactory();
    /** Characters of one event: whatever they are written as, an event has room for them. */
    private static final int PIECE = 8 * 1024;

    private final String conversation;
    private final String agent;
    private final String run;
    private final String now = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    private final List<AgentEvent> events = new ArrayList<>();

    private CachedRun(String conversation, String agent, String messageId) {
        this.conversation = conversation;
        this.agent = agent;
        // The same message sent again makes the same events again, and those are appended once.
        this.run = "cached-" + Sha256.hex(messageId).substring(0, 24);
    }

    public static List<AgentEvent> of(String conversation, String agent, String messageId, AnswerCache.Known answer) {
        CachedRun made = new CachedRun(conversation, agent, messageId);
        made.add("agent.run.started", payload -> {
            payload.writeObjectFieldStart("cache");
            payload.writeStringField("kind", answer.kind());
            payload.writeStringField("entry", answer.entry());
            payload.writeNumberField("age_ms", answer.ageMillis());
            payload.writeEndObject();
        });
        String text = answer.text();
        for (int from = 0; from < text.length(); ) {
            int most = Math.min(text.length(), from + PIECE);
            int to = most < text.length() && Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
            String piece = text.substring(from, to);
            made.add("agent.response.streaming", payload -> payload.writeStringField("chunk", piece));
            from = to;
        }
        made.add("agent.response.completed", payload -> {});
        return made.events;
    }

    private void add(String type, EventWriter.Payload more) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("run", run);
            json.writeStringField("agent", agent);
            json.writeBooleanField("cached", true);
            more.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        events.add(EventCodec.assemble(type, run + "-" + events.size(), now, out.toByteArray(), conversation));
    }
}
