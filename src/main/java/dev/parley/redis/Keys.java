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

    /** Where the original Python code keeps a session: without braces, so on a cluster on a slot of its own. */
    public String plainSession(String conversation) {
        return prefix + "session:conv:" + conversation;
    }

    /** What one of a conversation's keys is renamed to when something in the original Python format stood there; on the same slot. */
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

    /** Who looks through all sessions for now. */
    public String scanning() {
        return prefix + "session:scan";
    }

    public String context(String conversation) {
        return of("context:conv:", conversation);
    }

    /** The stream of the sessions that are to be archived. */
    public String dirty() {
        return prefix + "session:dirty";
    }

    /** What durable streams have lost before it was read, and the channel on which nodes tell each other of it. */
    public String streamsLost() {
        return prefix + "streams:lost";
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

    /** The message ids that an inbox has had; on the inbox's own slot. */
    public String inboxSeen(String agent) {
        return beside(inbox(agent), "seen");
    }

    /** The audit trail of a conversation ({@code conv}) or a tenant ({@code tenant}). */
    public String audit(String kind, String of) {
        return of("audit:" + kind + ":", of);
    }

    /** The end of a trail's chain, and up to where it is archived. */
    public String auditHead(String kind, String of) {
        return of("audit:head:" + kind + ":", of);
    }

    /** The ids of entries that a trail has had. */
    public String auditSeen(String kind, String of) {
        return of("audit:seen:" + kind + ":", of);
    }

    /** What every {@link #auditHead} begins with. */
    public String auditHeads() {
        return prefix + "audit:head:";
    }

    /** All trails' newest entries in one stream. */
    public String auditFeed() {
        return prefix + "agent:audit:log";
    }

    /** The trails that are to be archived. */
    public String auditDirty() {
        return prefix + "audit:dirty";
    }

    /** Held by the node that looks for trails that nobody has marked. */
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

    /** The stream of the days that are to be archived. */
    public String leaderboardDirty() {
        return prefix + "leaderboard:dirty";
    }

    /** Held by the node that looks for days that have changed. */
    public String leaderboardScan() {
        return prefix + "leaderboard:scan";
    }

    /** A day's board of the original Python code: {@code resolutions}, {@code total_time} or {@code total_count}; on a slot of its own. */
    public String plainLeaderboard(String what, String date) {
        return prefix + "leaderboard:" + what + ":" + date;
    }

    /** What a tenant's leaderboards begin with: a colon, the day and what is counted on it follow. */
    public String leaderboard(String tenant) {
        return of("leaderboard:", tenant);
    }

    /**
     * What is used up of a limit.
     *
     * @param tenant empty where tenants are not told apart
     * @param subject whoever it is counted for, in that tenant; empty for all of it
     */
    public String rateLimit(String limit, String tenant, String subject) {
        return of("ratelimit:" + limit + ":", withoutColons(tenant) + ":" + subject);
    }

    /** Ids may have colons: without them "a:b" of "c" and "a" of "b:c" are two. */
    private static String withoutColons(String id) {
        return id.replace("%", "%25").replace(":", "%3A");
    }

    /** What the keys of a tenant's cached answers begin with: an answer's name follows. */
    public String cached(String tenant) {
        return of("llm:cache:", tenant) + ":";
    }

    /** A cached answer's key as the seed has it: without a tenant, and so on a slot of its own. */
    public String cachedBySeed(String hash) {
        return prefix + "llm:cache:" + hash;
    }

    /** Who computes a cached answer; on that answer's slot. */
    public String cacheFlight(String cached) {
        return cached.contains("{") ? cached + ":flight" : beside(cached, "flight");
    }

    /** The channel on which a node hears from others what is asked of the answers that it computes, and what comes of theirs. */
    public String cacheNode(String node) {
        return prefix + "llm:cache:node:" + node;
    }

    /** After which invalidation one of the seed's answers was made; on that answer's slot. */
    public String cacheSeedEpoch(String cached) {
        return beside(cached, "epoch");
    }

    /** What of a tenant's cache has been invalidated, and when. */
    public String cacheEpochs(String tenant) {
        return of("llm:cache:epochs:", tenant);
    }

    /** The names of a tenant's cached answers, by when they end. */
    public String cacheIndex(String tenant) {
        return of("llm:cache:index:", tenant);
    }

    /** What a tenant's cache has done in an hour, counted from 1970. */
    public String cacheStats(String tenant, long hour) {
        return of("llm:cache:stats:", tenant) + ":" + hour;
    }

    /** The seed's own counters. */
    public String cacheStatsOfSeed() {
        return prefix + "llm:cache:stats";
    }

    /** What an embedder has made of a text, by the digest of both. */
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

    /** How many answers of the semantic cache were served and how many were wrong, for a tenant and category. */
    public String semanticQuality(String tenant, String category) {
        return of("llm:semantic_quality:", withoutColons(tenant) + ":" + category);
    }

    /**
     * What a node tries Redis with, on the slot of the tag: named like a conversation's own keys and channels, since rights may depend on
     * names.
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

    /** The nodes that would read a durable stream; on the stream's slot. */
    public String readers(String stream) {
        return beside(stream, "readers");
    }

    /** How far a durable stream was read, which outlives the stream; on its slot. */
    public String read(String stream) {
        return beside(stream, "read");
    }

    /** How often each entry of a durable stream was refused; on the stream's slot. */
    public String refused(String stream) {
        return beside(stream, "refused");
    }

    /** On the slot of a key without braces: its whole name is the hash tag. */
    private String beside(String key, String what) {
        return prefix + "{" + key + "}:" + what;
    }

    private String of(String kind, String conversation) {
        return prefix + kind + "{" + conversation + "}";
    }
}
