package dev.parley.ratelimit;

/**
 * @param reservation to settle it by
 * @param amount what was taken for it
 */
public record Reserved(String reservation, long amount, Taken taken) {}
