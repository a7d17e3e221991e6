package dev.parley.ratelimit;

/**
 * The limits of the gateway's own endpoints.
 *
 * @param connect for new sockets
 * @param send for people's messages
 * @param publish for agents' events, over HTTP and sockets
 */
public record EndpointLimiters(EndpointLimiter connect, EndpointLimiter send, EndpointLimiter publish) {}
