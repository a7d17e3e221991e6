package dev.parley.websocket;

/**
 * How things stand with Redis, as clients are told.
 *
 * @param up it answers
 * @param queued events that wait for it on this node
 */
public record RedisStatus(boolean up, long queued) {}
