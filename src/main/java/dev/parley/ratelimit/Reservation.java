package dev.parley.ratelimit;

/**
 * @param reservation to settle it by
 * @param amount what was taken for it
 */
public record Reservation(String reservation, long amount, LimitDecision taken) {}
