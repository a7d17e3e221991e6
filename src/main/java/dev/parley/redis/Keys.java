package dev.parley.redis;

/**
 * Every key and channel that Parley uses, in one place. A conversation's keys share its hash tag, so that each script stays on one
 * slot.
 *
 * @param prefix the first characters of each, so that an ACL rule {@code ~prefix*} covers them all; without braces; empty by default
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

    /** The plain session key of the original Python format: without braces, so on a cluster on a slot of its own. */
    public String plainSession(String conversation) {
        return prefix + "session:conv:" + conversation;
    }

    /** The name that a key in the original Python format is renamed to after its import; on the same slot. */
    public String imported(String key) {
        return prefix + "imported:" + key.substring(prefix.length());
    }

    public String messages(String conversation) {
        return of("messages:conv:", conversation);
    }

    /** The conversation of a session's key. */
    public String conversation(String session) {
        return session.substring(session.indexOf('{') + 1, session.length() - 1);
    }

    /** Held by the node that scans all sessions. */
    public String scanning() {
        return prefix + "session:scan";
    }

    public String context(String conversation) {
        return of("context:conv:", conversation);
    }

    /** The stream of sessions to be archived. */
    public String dirty() {
        return prefix + "session:dirty";
    }

    /** The losses of durable streams, and the channel on which nodes tell each other of them. */
    public String streamsLost() {
        return prefix + "streams:lost";
    }

    /** The channel of appended events. */
    public String live(String conversation) {
        return of("live:conv:", conversation);
    }

    /** The channel on which an agent at work receives a cancel. */
    public String control(String conversation) {
        return of("control:conv:", conversation);
    }

    public String inbox(String agent) {
        return prefix + "agent:inbox:" + agent;
    }

    /** The ids of messages added to an inbox; on the inbox's own slot. */
    public String inboxSeen(String agent) {
        return beside(inbox(agent), "seen");
    }

    /** The audit trail of a conversation ({@code conv}) or a tenant ({@code tenant}). */
    public String audit(String kind, String of) {
        return of("audit:" + kind + ":", of);
    }

    /** The end of a trail's chain, and the number up to which it is archived. */
    public String auditHead(String kind, String of) {
        return of("audit:head:" + kind + ":", of);
    }

    /** The ids of a trail's entries. */
    public String auditSeen(String kind, String of) {
        return of("audit:seen:" + kind + ":", of);
    }

    /** The prefix of every {@link #auditHead}. */
    public String auditHeads() {
        return prefix + "audit:head:";
    }

    /** All trails' newest entries in one stream. */
    public String auditFeed() {
        return prefix + "agent:audit:log";
    }

    /** The trails to be archived. */
    public String auditDirty() {
        return prefix + "audit:dirty";
    }

    /** Held by the node that scans for trails without a mark. */
    public String auditScan() {
        return prefix + "audit:scan";
    }

    /** The channel of an ephemeral event. */
    public String channel(String eventType) {
        return prefix + "agent:events:" + eventType;
    }

    public String channelPattern() {
        return channel("*");
    }

    /** The stream of days to be archived. */
    public String leaderboardDirty() {
        return prefix + "leaderboard:dirty";
    }

    /** Held by the node that scans for changed days. */
    public String leaderboardScan() {
        return prefix + "leaderboard:scan";
    }

    /**
     * A day's leaderboard in the original Python format: {@code resolutions}, {@code total_time} or {@code total_count}; on a slot of its
     * own.
     */
    public String plainLeaderboard(String what, String date) {
        return prefix + "leaderboard:" + what + ":" + date;
    }

    /** The prefix of a tenant's leaderboards: a colon, the day and the counted value follow. */
    public String leaderboard(String tenant) {
        return of("leaderboard:", tenant);
    }

    /**
     * The used amount of a limit.
     *
     * @param tenant empty if the limit is not per tenant
     * @param subject the one that is counted, in that tenant; empty for the whole tenant
     */
    public String rateLimit(String limit, String tenant, String subject) {
        return of("ratelimit:" + limit + ":", withoutColons(tenant) + ":" + subject);
    }

    /** Escapes colons: ids may have them, and "a:b" of "c" must differ from "a" of "b:c". */
    private static String withoutColons(String id) {
        return id.replace("%", "%25").replace(":", "%3A");
    }

    /** The prefix of a tenant's cached responses: a response's name follows. */
    public String cached(String tenant) {
        return of("llm:cache:", tenant) + ":";
    }

    /** A cached response's key in the original Python format: without a tenant, and so on a slot of its own. */
    public String cachedBySeed(String hash) {
        return prefix + "llm:cache:" + hash;
    }

    /** The flight of a cached response; on the response's slot. */
    public String cacheFlight(String cached) {
        return cached.contains("{") ? cached + ":flight" : beside(cached, "flight");
    }

    /** The channel on which a node receives requests for streams that it computes, and parts of other nodes' streams. */
    public String cacheNode(String node) {
        return prefix + "llm:cache:node:" + node;
    }

    /** The epoch of a cached response in the original Python format; on the response's slot. */
    public String cacheSeedEpoch(String cached) {
        return beside(cached, "epoch");
    }

    /** The epochs of a tenant's invalidations. */
    public String cacheEpochs(String tenant) {
        return of("llm:cache:epochs:", tenant);
    }

    /** The names of a tenant's cached responses, by expiry. */
    public String cacheIndex(String tenant) {
        return of("llm:cache:index:", tenant);
    }

    /** The counters of a tenant's cache for an hour, counted from 1970. */
    public String cacheStats(String tenant, long hour) {
        return of("llm:cache:stats:", tenant) + ":" + hour;
    }

    /** The counters in the original Python format. */
    public String cacheStatsOfSeed() {
        return prefix + "llm:cache:stats";
    }

    /** The vector of a text, by the digest of embedder and text. */
    public String embedding(String digest) {
        return prefix + "llm:embedding:" + digest;
    }

    /**
     * Questions of one partition of the semantic cache.
     *
     * @param partition its digest
     * @param what {@code entries}, {@code ends}, {@code added}, {@code vectors} or {@code refused:<question's digest>}
     */
    public String semantic(String partition, String what) {
        return of("llm:semantic_cache:", partition) + ":" + what;
    }

    /** The numbers of served and of wrong answers of the semantic cache, for a tenant and category. */
    public String semanticQuality(String tenant, String category) {
        return of("llm:semantic_quality:", withoutColons(tenant) + ":" + category);
    }

    /**
     * A key or channel on which a node tests Redis, on the slot of the tag. It is named like a conversation's own, because rights may
     * depend on names.
     *
     * @param kind such as {@code meta}
     */
    String probe(String kind, String node, String tag) {
        return prefix + kind + ":conv:probe:" + node + ":{" + tag + "}";
    }

    public String stream(String name) {
        return prefix + name;
    }

    /**
     * The reader's lease of a durable stream, on the stream's slot.
     *
     * @param stream its key, prefix included
     */
    public String lease(String stream) {
        return beside(stream, "lease");
    }

    /** The nodes that are ready to read a durable stream; on the stream's slot. */
    public String readers(String stream) {
        return beside(stream, "readers");
    }

    /** The last entry read of a durable stream, which outlives the stream; on its slot. */
    public String read(String stream) {
        return beside(stream, "read");
    }

    /** The number of rejections of each entry of a durable stream; on the stream's slot. */
    public String refused(String stream) {
        return beside(stream, "refused");
    }

    /** A key on the slot of a key without braces, whose whole name is the hash tag. */
    private String beside(String key, String what) {
        return prefix + "{" + key + "}:" + what;
    }

    private String of(String kind, String conversation) {
        return prefix + kind + "{" + conversation + "}";
    }
}
