package dev.parley.redis;

/**
 * Every key and channel that Parley uses, in one place. A conversation's keys share its hash tag, so that each script stays on one
 * slot.
 *
 * @param prefix put before each, for Redis servers that are shared; empty by default
 */
public record Keys(String prefix) {

    public static final Keys DEFAULT = new Keys("");

    public String log(String conversation) {
        return of("events:conv:", conversation);
    }

    public String meta(String conversation) {
        return of("meta:conv:", conversation);
    }

    public String seen(String conversation) {
        return of("seen:conv:", conversation);
    }

    /** The hash of runs in progress; a run's text is under this key, a colon and its name. */
    public String runs(String conversation) {
        return of("run:conv:", conversation);
    }

    public String session(String conversation) {
        return of("session:conv:", conversation);
    }

    public String messages(String conversation) {
        return of("messages:conv:", conversation);
    }

    /** The channel of what was just appended. */
    public String live(String conversation) {
        return of("live:conv:", conversation);
    }

    /** The channel on which an agent at work hears of a cancel. */
    public String control(String conversation) {
        return of("control:conv:", conversation);
    }

    public String inbox(String agent) {
        return prefix + "agent:inbox:" + agent;
    }

    /** The message ids that an inbox has had; on the inbox's own slot, since its tag is the inbox's whole key. */
    public String inboxSeen(String agent) {
        return "{" + inbox(agent) + "}:seen";
    }

    /** The channel of an ephemeral event. */
    public String channel(String eventType) {
        return prefix + "agent:events:" + eventType;
    }

    public String channelPattern() {
        return channel("*");
    }

    /** Where a node hears itself, on the slot of the tag. */
    String probe(String node, String tag) {
        return prefix + "probe:" + node + ":{" + tag + "}";
    }

    public String stream(String name) {
        return prefix + name;
    }

    private String of(String kind, String conversation) {
        return prefix + kind + "{" + conversation + "}";
    }
}
