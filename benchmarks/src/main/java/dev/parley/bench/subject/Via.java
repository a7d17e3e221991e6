package dev.parley.bench.subject;

/** How events reach a system. */
public enum Via {
    /** Redis Pub/Sub: not kept. */
    PUBSUB,
    /** A Redis stream: kept, each delivered once. */
    STREAM,
    /** An HTTP request for each: kept. */
    HTTP,
    /** Nothing is published. */
    NONE,
    /** Nothing is published: operations are called over sockets. */
    CALL
}
