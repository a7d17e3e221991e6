package dev.parley.app;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
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

    Log log();

    Runs runs();

    Resume resume();

    Hub hub();

    Websocket websocket();

    Ingest ingest();

    Inbox inbox();

    Sessions sessions();

    Outage outage();

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

        /** Most entries of one read, which brings about 2 MiB at most. */
        @WithDefault("5000")
        @Bounds(least = "1", most = "10000")
        int batch();

        /** How long a read waits for the next entry. */
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
