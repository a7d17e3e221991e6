package dev.parley.bench.llm;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Questions that are asked as often as their rank says: the second half as often as the first, the third a third as often. */
public final class Zipf {

    private final double[] sums;

    public Zipf(int questions) {
        sums = new double[questions];
        double sum = 0;
        for (int i = 0; i < questions; i++) {
            sum += 1.0 / (i + 1);
            sums[i] = sum;
        }
    }

    /** The nth, the same in each run. */
    public int question(long n) {
        double chance = new SplittableRandom(n).nextDouble() * sums[sums.length - 1];
        int at = Arrays.binarySearch(sums, chance);
        return Math.min(sums.length - 1, at < 0 ? -at - 1 : at + 1);
    }
}
