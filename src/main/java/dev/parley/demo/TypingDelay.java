package dev.parley.demo;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How long an agent takes for a few words: anything between the two, both included. */
record TypingDelay(Duration shortest, Duration longest) {

    TypingDelay {
        if (shortest.isNegative() || longest.compareTo(shortest) < 0) {
            throw new IllegalArgumentException("a pace needs 0 <= shortest <= longest");
        }
    }

    /** The next pause. Not a security matter: any randomness will do. */
    Duration pause(int times) {
        long millis = ThreadLocalRandom.current().nextLong(shortest.toMillis(), longest.toMillis() + 1);
        return Duration.ofMillis(millis * times);
    }
}
