package dev.parley.bench.load;

/**
 * The events of one run: chunks of an agent's answer. Each run has conversations of its own, so that nothing of an earlier one is in
 * their logs.
 *
 * @param run 0 to 65535
 * @param bytes how long an event's JSON should be; the least is about 200
 */
public record Events(int run, int bytes) {

    public static final String TYPE = "agent.response.streaming";
    public static final String TIME = "2026-11-23T08:00:00.000Z";

    public String conversation(int number) {
        return "c-%04x-%06d".formatted(run, number);
    }

    /** An event's payload with a place for the stamp. */
    public String payload(int conversation) {
        int rest = event(payload(conversation, "")).length() + Template.PLACE.length();
        return payload(conversation, Template.PLACE + "x".repeat(Math.max(0, bytes - rest)));
    }

    private String payload(int conversation, String chunk) {
        return "{\"conversation_id\":\"" + conversation(conversation)
                + "\",\"run\":\"r-1\",\"agent\":\"bench\",\"chunk\":\"" + chunk + "\"}";
    }

    /** A whole event, with a place for the stamp. */
    public String event(int conversation) {
        return event(payload(conversation));
    }

    private static String event(String payload) {
        return "{\"event\":\"" + TYPE + "\",\"payload\":" + payload + ",\"timestamp\":\"" + TIME + "\"}";
    }
}
