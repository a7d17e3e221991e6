package dev.parley.bench.load;

import java.util.SplittableRandom;

/** Which conversation the nth event belongs to, and when it is due. */
public interface Plan {

    int conversation(long n);

    /** When it is due, counted in events at the run's rate: n, when events come evenly. */
    default double due(long n) {
        return n;
    }

    /** One after the other. */
    static Plan inTurn(int conversations) {
        return n -> (int) (n % conversations);
    }

    /** Bursts of so many events at once, each for one of the first conversations; the others stay idle. */
    static Plan bursts(int active, int burst) {
        return new Plan() {
            @Override
            public int conversation(long n) {
                return new SplittableRandom(n / burst).nextInt(active);
            }

            @Override
            public double due(long n) {
                return n - n % burst;
            }
        };
    }
}
