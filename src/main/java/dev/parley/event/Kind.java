package dev.parley.event;

/** What an event means to Parley itself. Parley does not interpret most events: they are {@link #OTHER}. */
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
    /** A person's message that is answered already, so that no agent receives it; only the gateway makes it. */
    ANSWERED_MESSAGE('a'),
    /** A person's request to stop a run; only the gateway makes it. */
    CANCEL('x'),
    /** A session begins; only the gateway makes it. It binds a conversation without an owner, as a person's message does. */
    SESSION_CREATED('n'),
    /** Another change of a session, by its API; only the gateway makes it. */
    SESSION_CHANGED('m'),
    OTHER('-');

    private final String code;

    Kind(char code) {
        this.code = String.valueOf(code);
    }

    /** The letter of this kind in the append script. */
    public String code() {
        return code;
    }

    /** The kind of an event that an agent publishes. */
    public static Kind ofAgentEvent(String type) {
        return switch (type) {
            case "agent.response.streaming" -> CHUNK;
            case "agent.run.started" -> RUN_STARTED;
            case "agent.run.completed", "agent.response.completed" -> RUN_COMPLETED;
            case "agent.run.failed" -> RUN_FAILED;
            case "agent.tool.started" -> TOOL_STARTED;
            case "agent.tool.completed", "agent.tool.failed" -> TOOL_ENDED;
            case "agent.handoff.completed" -> HANDOFF;
            default -> OTHER;
        };
    }
}
