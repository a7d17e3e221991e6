/**
 * Leaderboards: figures of each agent per day and tenant, written by one script and read by another ({@link
 * dev.parley.leaderboard.Leaderboard}), over one day or several, in one round trip each.
 */
@NullMarked
package dev.parley.leaderboard;

import org.jspecify.annotations.NullMarked;
