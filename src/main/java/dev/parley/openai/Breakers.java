package dev.parley.openai;

import dev.parley.event.Ids;
import dev.parley.support.Sha256;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A {@link Breaker} per path and model of the upstream: a model that fails keeps nobody from the others. The {@value #MOST} that were asked
 * last are kept; callers choose the names. Thread-safe.
 */
final class Breakers {

    static final int MOST = 1_000;

    private final Map<String, Breaker> breakers = new LinkedHashMap<>(16, 0.75f, true) {

        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Breaker> eldest) {
            return size() > MOST;
        }
    };

    synchronized Breaker of(String path, String model) {
        // A name goes into the log: what is no id may be long, or more than one line.
        String name = path + " " + (Ids.valid(model) ? model : "sha256:" + Sha256.hex(model));
        return breakers.computeIfAbsent(name, Breaker::new);
    }

    /** Those that refuse calls now. */
    synchronized long open() {
        return breakers.values().stream().filter(Breaker::isOpen).count();
    }
}
