/**
 * Who has resolved how much. {@link dev.parley.leaderboard.Leaderboard} records figures of each agent per day and tenant, and ranks agents
 * over one day or several. {@link dev.parley.leaderboard.DayArchive} copies changed days to PostgreSQL, where old ones are read. The
 * package does not decide what counts as resolved: its callers do.
 */
@NullMarked
package dev.parley.leaderboard;

import org.jspecify.annotations.NullMarked;
