package dev.parley.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.event.AgentEvent;
import dev.parley.event.EventCodec;
import java.time.Duration;
import java.time.Instant;

/**
 * A run that was silent for its lease.
 *
 * @param run its name; empty for an implicit one
 * @param agent empty if unknown
 */
public record LostRun(String conversation, String run, String agent, String messageId, Duration lease) {

    private static final String FAILED = "agent.run.failed";

    /** The event that ends it, as its agent would have sent it. */
    public AgentEvent failed(Instant at) {
        String payload = "{\"conversation_id\":\"" + conversation + "\""
                + (run.isEmpty() ? "" : ",\"run\":\"" + run + "\"")
                + (agent.isEmpty() ? "" : ",\"agent\":\"" + agent + "\"")
                + ",\"message_id\":\"" + messageId
                + "\",\"error\":{\"code\":\"agent_lost\",\"message\":\"nothing was heard of the agent for "
                + lease.toMillis() + " ms\"}}";
        return EventCodec.assemble(FAILED, null, at.toString(), payload.getBytes(UTF_8), null);
    }
}
