package dev.parley.app;

import dev.parley.ratelimit.Per;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that can be set, with defaults: {@code http().maxBody()} is the key {@code parley.http.max-body}. Values are within their bounds and
 * fit together; {@link ConfigLoader} sees to that. What each key means to an operator stands in OPERATIONS.md.
 */
@ConfigMapping(prefix = "parley")
interface GatewayConfig {

    /** This node's name, unique among the nodes of one Redis; the host's name unless set. */
    String node();

    Http http();

    Management management();

    Auth auth();

    Redis redis();

    Postgres postgres();

    Log log();

    Runs runs();

    Resume resume();

    Hub hub();

    Websocket websocket();

    Ingest ingest();

    Inbox inbox();

    Sessions sessions();

    /** By name: those of the gateway's own doors are {@code connect}, {@code send} and {@code publish}. */
    Map<String, Limit> limits();

    Cache cache();

    Upstream upstream();

    Outage outage();

    Audit audit();

    Data data();

    Shutdown shutdown();

    Console console();

    @WithDefault("text")
    LogFormat logFormat();

    /** Where clients and agents come in. */
    interface Http {

        @WithDefault("127.0.0.1")
        String host();

        /** 0: any free one. */
        @WithDefault("8080")
        @Bounds(least = "0", most = "65535")
        int port();

        /** Largest body of a request. */
        @WithDefault("1MiB")
        @Bounds(least = "1KiB", most = "64MiB")
        Size maxBody();

        /** How many stand in front and add to X-Forwarded-For. */
        @WithDefault("0")
        @Bounds(least = "0", most = "10")
        int proxies();
    }

    /** Where health and metrics are read. */
    interface Management {

        @WithDefault("127.0.0.1")
        String host();

        /** 0: any free one. */
        @WithDefault("8081")
        @Bounds(least = "0", most = "65535")
        int port();
    }

    /** Who may come in. */
    interface Auth {

        @WithDefault("none")
        AuthMode mode();

        Jwt jwt();

        /** Owner of conversations that only agents wrote to, and of everybody where there are no tokens. */
        @WithDefault("default")
        String defaultTenant();
    }

    /** What tokens are signed with. */
    interface Jwt {

        /** At least 32 bytes for HS256; there whenever the mode is {@link AuthMode#JWT}. */
        Optional<Secret> secret();
    }

    /** The Redis that all nodes share. */
    interface Redis {

        @WithDefault("redis://127.0.0.1:6379")
        RedisUri uri();

        /** Start one beside this node, in memory, and use that. */
        @WithDefault("false")
        boolean embedded();

        @WithDefault("5s")
        @Bounds(least = "100ms", most = "1m")
        Duration connectTimeout();

        @WithDefault("5s")
        @Bounds(least = "10ms", most = "1m")
        Duration commandTimeout();

        /** Most commands that wait for an answer, per connection. */
        @WithDefault("10000")
        @Bounds(least = "1", most = "1000000")
        int requestQueue();

        /** How often this node publishes something that it must hear. */
        @WithDefault("1s")
        @Bounds(least = "100ms", most = "1m")
        Duration probeInterval();

        /** How long a probe may stay unheard, and a connection silent on which something was asked. */
        @WithDefault("5s")
        @Bounds(least = "500ms", most = "5m")
        Duration probeTimeout();

        /** Stands before every key and channel. */
        Optional<String> keyPrefix();
    }

    /** The record that outlives Redis; off without a URL. */
    interface Postgres {

        /** For trying out: a server that ends with the node. Its binaries are on the class path of the demo only. */
        @WithDefault("false")
        boolean embedded();

        Optional<PostgresUrl> url();

        Optional<String> username();

        Optional<Secret> password();

        /** Most connections, a node. */
        @WithDefault("10")
        @Bounds(least = "1", most = "1000")
        int pool();

        /** Of one attempt, and of the wait for a connection that is free. */
        @WithDefault("5s")
        @Bounds(least = "100ms", most = "1m")
        Duration connectTimeout();

        @WithDefault("10s")
        @Bounds(least = "100ms", most = "10m")
        Duration queryTimeout();
    }

    /** The log of one conversation. */
    interface Log {

        @WithDefault("1000")
        @Bounds(least = "1", most = "1000000")
        int maxEvents();

        @WithDefault("4MiB")
        @Bounds(least = "64KiB", most = "1GiB")
        Size maxBytes();

        /** From the last event on. */
        @WithDefault("2h")
        @Bounds(least = "1s", most = "30d")
        Duration ttl();

        /** How many event ids are remembered to refuse duplicates. */
        @WithDefault("2000")
        @Bounds(least = "1", most = "1000000")
        int seen();

        /** Most text of one run that is kept for snapshots. */
        @WithDefault("1MiB")
        @Bounds(least = "1KiB", most = "64MiB")
        Size maxRunText();
    }

    /** Answers in progress. */
    interface Runs {

        /** When nothing was heard of a run for so long it has failed; unless it declares a lease of its own. */
        @WithDefault("5m")
        @Bounds(least = "1s", most = "1d")
        Duration silence();
    }

    /** The most that is replayed to a client before it gets a snapshot instead. */
    interface Resume {

        @WithDefault("1000")
        @Bounds(least = "1", most = "100000")
        int limit();

        @WithDefault("1MiB")
        @Bounds(least = "1KiB", most = "64MiB")
        Size limitBytes();
    }

    /** The conversations that have a socket on this node. */
    interface Hub {

        /** How long a conversation stays after its last socket has left. */
        @WithDefault("10s")
        @Bounds(least = "0s", most = "1h")
        Duration linger();

        /** How often last positions are compared with Redis'. */
        @WithDefault("10s")
        @Bounds(least = "100ms", most = "10m")
        Duration checkInterval();
    }

    interface Websocket {

        /** Silence after which the node pings; after as much again it closes. */
        @WithDefault("25s")
        @Bounds(least = "100ms", most = "10m")
        Duration heartbeat();

        /** Largest frame from a client. */
        @WithDefault("128KiB")
        @Bounds(least = "1KiB", most = "16MiB")
        Size maxFrame();

        /** Most that waits for one socket. */
        @WithDefault("1MiB")
        @Bounds(least = "256KiB", most = "256MiB")
        Size outbox();

        /** A socket. */
        @WithDefault("100")
        @Bounds(least = "1", most = "100000")
        int maxConversations();

        /** How long a socket may stay without a token. */
        @WithDefault("10s")
        @Bounds(least = "100ms", most = "10m")
        Duration authTimeout();
    }

    /** What agents publish through Redis. */
    interface Ingest {

        /** Listen to {@code agent:events:*}. */
        @WithDefault("true")
        boolean channels();

        /** Durable streams that are read. */
        @WithDefault("agent:events:stream")
        Optional<List<String>> streams();

        /** Most entries of one read, which brings about 4 MiB at most. */
        @WithDefault("10000")
        @Bounds(least = "1", most = "10000")
        int batch();

        /** How long a read waits for the next entry; never longer than the lease lets it. */
        @WithDefault("5s")
        @Bounds(least = "10ms", most = "1m")
        Duration block();

        /** How long a node that says nothing keeps a stream; another reads on then. */
        @WithDefault("5s")
        @Bounds(least = "500ms", most = "10m")
        Duration lease();

        /** Tries before an entry that keeps failing becomes a dead letter. */
        @WithDefault("5")
        @Bounds(least = "1", most = "1000")
        int maxDeliveries();
    }

    /** The stream that an agent reads its work from. */
    interface Inbox {

        /** Entries kept, an agent. */
        @WithDefault("10000")
        @Bounds(least = "1", most = "10000000")
        int max();
    }

    interface Sessions {

        /** Who answers in a new conversation. */
        @WithDefault("triage")
        String defaultAgent();

        /** Messages kept in Redis, a session. */
        @WithDefault("50")
        @Bounds(least = "1", most = "1000")
        int messages();

        /** Whether a person's first message makes the session of its conversation. */
        @WithDefault("true")
        boolean autoCreate();

        /** Messages of a session that wait for PostgreSQL, at most. */
        @WithDefault("1000")
        @Bounds(least = "50", most = "100000")
        int unarchived();

        /** How long a session waits for PostgreSQL. */
        @WithDefault("7d")
        @Bounds(least = "1h", most = "90d")
        Duration unarchivedTtl();
    }

    /** How often something may be done. */
    interface Limit {

        /** In a period, in the long run; there whenever the limit is. */
        @Bounds(least = "1", most = "1000000000")
        Optional<Integer> events();

        @WithDefault("1m")
        @Bounds(least = "1s", most = "30d")
        Duration period();

        /** At once; as many as in a period unless set. */
        @Bounds(least = "1", most = "1000000000")
        Optional<Integer> burst();

        @WithDefault("subject")
        Per per();
    }

    /** Answers of language models that are kept. */
    interface Cache {

        Semantic semantic();

        /** Each {@code agent=category}: of the first message to that agent, which need not reach it when its answer is known. */
        Optional<List<String>> agents();

        /** Whose plain questions have the seed's keys and values. */
        Optional<String> seedTenant();

        Ttl ttl();

        /** How much longer an answer is served while one caller refreshes it. */
        @WithDefault("1m")
        @Bounds(least = "0s", most = "7d")
        Duration stale();

        /** What is asked with a higher one is not cached. */
        @WithDefault("0.7")
        @Bounds(least = "0", most = "2")
        double maxTemperature();

        /** Largest entry. */
        @WithDefault("1MiB")
        @Bounds(least = "1KiB", most = "16MiB")
        Size maxEntry();

        /** A tenant. */
        @WithDefault("100000")
        @Bounds(least = "1", most = "100000000")
        int maxEntries();

        /** How long computing an answer may take where nobody says. */
        @WithDefault("30s")
        @Bounds(least = "100ms", most = "10m")
        Duration lease();

        /** Each {@code model=prompt/completion}: what a million tokens cost that it reads, and that it writes. */
        Optional<List<String>> prices();

        /** Callers that wait for what somebody else computes, a node. */
        @WithDefault("10000")
        @Bounds(least = "0", most = "1000000")
        int maxWaiting();
    }

    /** The same question in other words. */
    interface Semantic {

        /** Who says how near two questions are. */
        @WithDefault("none")
        Embedding embedder();

        /** Of the embedder with OpenAI's API, up to and without {@code /embeddings}. */
        Optional<String> url();

        /** As that embedder is asked for it. */
        @WithDefault("text-embedding-3-small")
        String model();

        Optional<Secret> key();

        /** The length of its vectors. */
        @WithDefault("1536")
        @Bounds(least = "1", most = "65536")
        int dimensions();

        /** The least cosine of two questions that have one answer; callers may ask for more. */
        @WithDefault("0.95")
        @Bounds(least = "0.5", most = "1")
        double threshold();

        /** Instead of it, each {@code category=cosine}. */
        Optional<List<String>> thresholds();

        /** How many of the answers to other words may be wrong before a category's threshold goes up. */
        @WithDefault("0.01")
        @Bounds(least = "0", most = "1")
        double errorBound();

        /** Of which categories an answer to other words will do. */
        @WithDefault("faq")
        List<String> categories();

        /** How long may be looked for one, embedding included. */
        @WithDefault("500ms")
        @Bounds(least = "1ms", most = "1m")
        Duration patience();
    }

    /** How long an answer is fresh, by what kind of question it answers; 0s: it is not kept. */
    interface Ttl {

        @WithDefault("1h")
        @Bounds(least = "0s", most = "30d")
        Duration other();

        @WithDefault("24h")
        @Bounds(least = "0s", most = "30d")
        Duration faq();

        @WithDefault("24h")
        @Bounds(least = "0s", most = "30d")
        Duration classification();

        @WithDefault("1h")
        @Bounds(least = "0s", most = "30d")
        Duration extraction();

        @WithDefault("7d")
        @Bounds(least = "0s", most = "30d")
        Duration embedding();

        @WithDefault("5m")
        @Bounds(least = "0s", most = "30d")
        Duration live();
    }

    /** The model's API behind the OpenAI-compatible one; that is off without a URL. */
    interface Upstream {

        Optional<UpstreamUrl> url();

        /** Sent in place of the caller's. */
        Optional<Secret> key();

        /** Most connections, a node. */
        @WithDefault("100")
        @Bounds(least = "1", most = "10000")
        int pool();

        @WithDefault("5s")
        @Bounds(least = "100ms", most = "1m")
        Duration connectTimeout();

        /** Silence while an answer is waited for or read. */
        @WithDefault("2m")
        @Bounds(least = "100ms", most = "10m")
        Duration responseTimeout();

        /** Beside the first try. */
        @WithDefault("2")
        @Bounds(least = "0", most = "10")
        int retries();

        /** Largest request, and largest answer or event of a stream. */
        @WithDefault("4MiB")
        @Bounds(least = "1KiB", most = "64MiB")
        Size maxBody();
    }

    /** Who did what. */
    interface Audit {

        /** What entries are sealed with. */
        Optional<Secret> key();

        /** Note what people do through the gateway, and what they are kept from. */
        @WithDefault("true")
        boolean actions();

        /** Kept in Redis, a trail. */
        @WithDefault("10000")
        @Bounds(least = "100", most = "1000000")
        int maxEntries();

        /** How long Redis keeps a trail after its last entry. */
        @WithDefault("1d")
        @Bounds(least = "1s", most = "3650d")
        Duration ttl();

        /** How long PostgreSQL keeps an entry; for ever unless set. */
        @Bounds(least = "1d", most = "36500d")
        Optional<Duration> retention();
    }

    /** Events that wait for Redis. */
    interface Outage {

        /** Most that waits, each event with 512 bytes beside its own. */
        @WithDefault("64MiB")
        @Bounds(least = "64KiB", most = "16GiB")
        Size queue();

        /** Nothing new is taken when the oldest has waited for longer. */
        @WithDefault("10m")
        @Bounds(least = "1s", most = "1d")
        Duration maxAge();
    }

    /** What a node keeps on its disk. */
    interface Data {

        /** Made when it is needed. */
        @WithDefault("parley-data")
        String directory();
    }

    interface Shutdown {

        /** How long sockets may take to leave. */
        @WithDefault("5s")
        @Bounds(least = "0s", most = "10m")
        Duration drain();
    }

    interface Console {

        /** Serve the chat page. */
        @WithDefault("false")
        boolean enabled();
    }
}
