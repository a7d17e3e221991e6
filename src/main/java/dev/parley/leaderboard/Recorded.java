package dev.parley.leaderboard;

import java.time.LocalDate;

/**
 * The outcome of a record.
 *
 * @param date the day that it counts for
 * @param duplicate whether it was counted before, under the same key
 * @param resolutions of that agent on that day
 * @param all number of that agent's resolved and failed conversations on that day
 */
public record Recorded(LocalDate date, boolean duplicate, long resolutions, long all) {}
