package dev.parley.bench.llm;

import java.util.Arrays;

/** What the cache has saved, by question, as those who ask see it. Belongs to the event loop. */
public final class Savings {

    private final long[] hits;
    private final long[] millis;
    private final int[] computed;

    public Savings(int questions) {
        this.hits = new long[questions];
        this.millis = new long[questions];
        this.computed = new int[questions];
    }

    /** The model need not be asked. */
    public void hit(int question) {
        hits[question]++;
    }

    /** The model was asked, and has taken so long. */
    public void computed(int question, long tookMillis) {
        computed[question]++;
        millis[question] = tookMillis;
    }

    public long hits() {
        return Arrays.stream(hits).sum();
    }

    public long computed() {
        return Arrays.stream(computed).sum();
    }

    /** Questions that the model was asked more than once. */
    public long twice() {
        return Arrays.stream(computed).filter(times -> times > 1).count();
    }

    public double seconds() {
        long sum = 0;
        for (int i = 0; i < hits.length; i++) {
            sum += hits[i] * millis[i];
        }
        return sum / 1e3;
    }

    /** @param from of these the number of the first one */
    public double money(Questions questions, int from) {
        return sum(hits, questions, from);
    }

    /** What the model's answers have cost. */
    public double spent(Questions questions, int from) {
        return sum(Arrays.stream(computed).asLongStream().toArray(), questions, from);
    }

    private static double sum(long[] times, Questions questions, int from) {
        long micros = 0;
        for (int i = 0; i < times.length; i++) {
            micros += times[i] * questions.micros(from + i);
        }
        return micros / 1e6;
    }
}
