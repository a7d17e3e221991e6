package dev.parley.llmcache;

/**
 * What has come of going on with a flight.
 *
 * @param ours whether the token was good for that
 * @param awaited whether somebody on another node has waited for it within the last seconds
 */
public record LeaseRenewal(boolean ours, boolean awaited) {

    static final LeaseRenewal NOT = new LeaseRenewal(false, false);
}
