package dev.parley.event;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * An event, checked, with what Parley routes by beside its bytes.
 *
 * @param type the event's name, such as {@code agent.tool.started}
 * @param kind what it means to Parley
 * @param conversation {@code payload.conversation_id}
 * @param eventId the top-level {@code event_id}: the same id is appended once
 * @param run {@code payload.run}
 * @param agent {@code payload.agent}
 * @param messageId {@code payload.message_id}
 * @param text the body, without its quotes, of the JSON string in {@code payload.chunk} or {@code payload.content}, as it was
 *     written: bodies can be concatenated, even where a surrogate pair was cut in two; null when there is none. Of a
 *     person's message all of {@code payload.content}, a string or an array
 * @param tool the same of {@code payload.tool}
 * @param toolCall {@code payload.tool_call_id}, any text that {@link Ids#validToolCall} takes
 * @param to {@code payload.to}
 * @param leaseMs {@code payload.lease_ms}: its run is taken for lost when nothing is heard of it for so long; kept within {@link
 *     #SHORTEST_LEASE_MS} and {@link #LONGEST_LEASE_MS}: what dies is found in a day, and a pause is no death. 0 when there is none
 * @param bytes the whole event, UTF-8 JSON; never changed after this
 */
public record AgentEvent(
        String type,
        Kind kind,
        String conversation,
        @Nullable String eventId,
        @Nullable String run,
        @Nullable String agent,
        @Nullable String messageId,
        byte @Nullable [] text,
        byte @Nullable [] tool,
        @Nullable String toolCall,
        @Nullable String to,
        long leaseMs,
        byte[] bytes) {

    /** Largest event, in bytes. */
    public static final int MAX_BYTES = 64 * 1024;

    /** Deepest nesting of objects and arrays. */
    public static final int MAX_DEPTH = 64;

    public static final long SHORTEST_LEASE_MS = 1_000;

    public static final long LONGEST_LEASE_MS = 86_400_000;

    /**
     * What identifies the run that this event belongs to, {@code <run>\n<agent>}: two agents that use the same run id have two runs. The
     * first part is empty for the one implicit run of an agent that names none, the second where no agent is named.
     */
    public String runKey() {
        return (run == null ? "" : run) + "\n" + (agent == null ? "" : agent);
    }

    /** What a tool's call goes by while it is in progress: its id, else the tool's name. */
    public String toolKey() {
        return toolCall != null ? toolCall : toolName();
    }

    /** A tool in progress as a snapshot shows it, a JSON object. */
    public String toolJson() {
        String call = toolCall == null
                ? ""
                : ",\"tool_call_id\":\""
                        + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(toolCall)) + "\"";
        return "{\"tool\":\"" + toolName() + "\"" + call + "}";
    }

    private String toolName() {
        return tool == null ? "" : new String(tool, StandardCharsets.UTF_8);
    }

    /** This event under an id given from outside it, such as an {@code Idempotency-Key}. */
    public AgentEvent withEventId(String id) {
        return new AgentEvent(
                type, kind, conversation, id, run, agent, messageId, text, tool, toolCall, to, leaseMs, bytes);
    }
}
