package dev.parley.ratelimit;

/**
 * @param reservation the id to settle it by
 * @param amount the reserved amount
 */
public record Reservation(String reservation, long amount, LimitDecision taken) {}
