package dev.parley.leaderboard;

import java.time.LocalDate;
import java.util.List;

/**
 * The first places of some days, both included.
 *
 * @param archived whether they come from the record instead of Redis
 */
public record Board(LocalDate from, LocalDate to, List<Standing> standings, boolean archived) {}
