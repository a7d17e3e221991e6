/**
 * Who has resolved how much: figures of each agent for each day and tenant, written by one script and read by another
 * ({@link dev.parley.leaderboard.Leaderboard}), over one day or several, in one round trip each.
 */
@NullMarked
package dev.parley.leaderboard;

import org.jspecify.annotations.NullMarked;
