package dev.parley.websocket;

/**
 * The state of Redis, as clients receive it.
 *
 * @param up whether it answers
 * @param queued events on this node that wait for it
 */
public record RedisStatus(boolean up, long queued) {}
