package dev.parley.llmcache;

/**
 * The outcome of renewing a flight.
 *
 * @param ours whether the token still had the flight
 * @param awaited whether a caller on another node has waited for it within the last seconds
 */
public record LeaseRenewal(boolean ours, boolean awaited) {

    static final LeaseRenewal NOT = new LeaseRenewal(false, false);
}
