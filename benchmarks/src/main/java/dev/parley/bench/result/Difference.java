package dev.parley.bench.result;

import dev.parley.bench.result.Result.Spread;

/** A figure that was measured twice. A difference is clear when no repetition of one side reached the other side's range. */
public record Difference(String figure, Spread a, Spread b, Better better) {

    /** What is to be made of it. */
    public enum Verdict {
        SAME("same"),
        NOISE("within the noise"),
        BETTER("better"),
        WORSE("WORSE"),
        /** Clear, but neither good nor bad. */
        DIFFERENT("different");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** B's median in A's; infinite where A has nothing and B something. */
    public double ratio() {
        return a.median() == b.median() ? 1 : b.median() / a.median();
    }

    public Verdict verdict() {
        if (a.equals(b)) {
            return Verdict.SAME;
        }
        if (a.overlaps(b)) {
            return Verdict.NOISE;
        }
        if (better == Better.NEITHER) {
            return Verdict.DIFFERENT;
        }
        boolean lower = b.median() < a.median();
        return lower == (better == Better.LOWER) ? Verdict.BETTER : Verdict.WORSE;
    }

    /** The factor by which it clearly got worse; 1 when it did not. */
    public double worseBy() {
        if (verdict() != Verdict.WORSE) {
            return 1;
        }
        return better == Better.LOWER ? ratio() : 1 / ratio();
    }
}
