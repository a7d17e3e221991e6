package dev.parley.event;

import java.util.Map;

/** What an event means to Parley itself. Most mean nothing to it and are {@link #OTHER}. */
public enum Kind {
    /** A piece of the answer's text, {@code payload.chunk}. */
    CHUNK('c'),
    RUN_STARTED('s'),
    RUN_COMPLETED('e'),
    RUN_FAILED('f'),
    TOOL_STARTED('t'),
    TOOL_ENDED('d'),
    /** {@code payload.to} becomes the conversation's current agent. */
    HANDOFF('h'),
    /** A person's message; only the gateway makes it. */
    USER_MESSAGE('u'),
    /** A person's message that is answered already, so that no agent gets it; only the gateway makes it. */
    ANSWERED_MESSAGE('a'),
    /** A person's wish to stop a run; only the gateway makes it. */
    CANCEL('x'),
    /** A session begins; only the gateway makes it. It binds a conversation that is nobody's, as a person's message does. */
    SESSION_CREATED('n'),
    OTHER('-');

    private static final Map<String, Kind> BY_TYPE = Map.of(
            "agent.response.streaming", CHUNK,
            "agent.run.started", RUN_STARTED,
            "agent.run.completed", RUN_COMPLETED,
            "agent.response.completed", RUN_COMPLETED,
            "agent.run.failed", RUN_FAILED,
            "agent.tool.started", TOOL_STARTED,
            "agent.tool.completed", TOOL_ENDED,
            "agent.tool.failed", TOOL_ENDED,
            "agent.handoff.completed", HANDOFF);

    private final String code;

    Kind(char code) {
        this.code = String.valueOf(code);
    }

    /** The letter that stands for this kind in the append script. */
    public String code() {
        return code;
    }

    /** The kind of an event that an agent publishes. */
    public static Kind ofAgentEvent(String type) {
        return BY_TYPE.getOrDefault(type, OTHER);
    }
}
