package dev.parley.leaderboard;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** An agent's rank: by more resolutions, then by the lower average. Agents with equal figures share a rank. */
public record Standing(int rank, Figures figures) {

    private static final Comparator<Figures> ORDER = Comparator.comparingLong(Figures::resolutions)
            .reversed()
            // With equal numbers, the lower sum is the lower average.
            .thenComparingLong(Figures::millis)
            .thenComparing(Figures::agent);

    /** The first places, as in a competition: 1, 2, 2, 4; by name where a place is shared. */
    static List<Standing> rank(List<Figures> all, int limit) {
        List<Standing> standings = new ArrayList<>();
        for (Figures figures : all.stream().sorted(ORDER).limit(limit).toList()) {
            Standing before = standings.isEmpty() ? null : standings.get(standings.size() - 1);
            int rank = before != null && before.figures.levelWith(figures) ? before.rank : standings.size() + 1;
            standings.add(new Standing(rank, figures));
        }
        return standings;
    }
}
