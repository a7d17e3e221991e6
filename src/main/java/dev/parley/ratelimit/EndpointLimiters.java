package dev.parley.ratelimit;

/**
 * The gateway's own doors.
 *
 * @param connect where sockets come in
 * @param send where people's messages do
 * @param publish where agents' events do, over HTTP and sockets
 */
public record EndpointLimiters(EndpointLimiter connect, EndpointLimiter send, EndpointLimiter publish) {}
