package dev.parley.bench.load;

/**
 * The events of one run of the harness: agents' answers, chunk by chunk, each ended by an event with its text. Each run has conversations
 * of its own, so that nothing of an earlier one is in their logs.
 *
 * @param run 0 to 65535
 * @param bytes how long an event's JSON should be; the least is about 200
 * @param answer how many of a conversation's events make an answer
 * @param last whether these are the events that end an answer
 */
public record Events(int run, int bytes, int answer, boolean last) {

    private static final int ANSWER = 500;

    public static final String TIME = "2026-11-23T08:00:00.000Z";

    private static final String CHUNK = "agent.response.streaming";
    private static final String END = "agent.response.completed";

    public Events(int run, int bytes) {
        this(run, bytes, ANSWER, false);
    }

    /** Those that end an answer. */
    public Events ends() {
        return new Events(run, bytes, answer, true);
    }

    /** The same in answers that do not end. */
    public Events endless() {
        return new Events(run, bytes, Integer.MAX_VALUE, last);
    }

    public String type() {
        return last ? END : CHUNK;
    }

    public String conversation(int number) {
        return "c-%04x-%06d".formatted(run, number);
    }

    /** An event's payload with a place for the stamp. */
    public String payload(int conversation) {
        int rest = event(payload(conversation, "")).length() + Template.PLACE.length();
        return payload(conversation, Template.PLACE + "x".repeat(Math.max(0, bytes - rest)));
    }

    private String payload(int conversation, String text) {
        return "{\"conversation_id\":\"" + conversation(conversation) + "\",\"agent\":\"bench\",\""
                + (last ? "content" : "chunk") + "\":\"" + text + "\"}";
    }

    /** A whole event, with a place for the stamp. */
    public String event(int conversation) {
        return event(payload(conversation));
    }

    private String event(String payload) {
        return "{\"event\":\"" + type() + "\",\"payload\":" + payload + ",\"timestamp\":\"" + TIME + "\"}";
    }
}
