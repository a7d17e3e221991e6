package dev.parley.leaderboard;

import java.time.LocalDate;

/**
 * What became of a record.
 *
 * @param date the day that it counts for
 * @param duplicate whether it was counted before, under the same key
 * @param resolutions of that agent on that day
 * @param all what the agent resolved and failed at on that day
 */
public record Recorded(LocalDate date, boolean duplicate, long resolutions, long all) {}
