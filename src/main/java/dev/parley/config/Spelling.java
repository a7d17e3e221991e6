package dev.parley.config;

import static java.util.Comparator.comparingInt;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Finds what somebody may have meant. */
final class Spelling {

    private Spelling() {}

    /** The known name that takes the fewest edits, null when none is close: more than a quarter of the letters, and more than three. */
    static @Nullable String closest(String name, Collection<String> known) {
        String closest = known.stream()
                .sorted()
                .min(comparingInt(candidate -> edits(name, candidate)))
                .orElse(null);
        return closest == null || edits(name, closest) > Math.max(3, name.length() / 4) ? null : closest;
    }

    /** Levenshtein's distance: letters inserted, deleted or replaced, one row of the table at a time. */
    private static int edits(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
