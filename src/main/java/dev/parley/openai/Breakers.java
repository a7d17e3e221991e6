package dev.parley.openai;

import dev.parley.event.Ids;
import dev.parley.support.Sha256;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A {@link Breaker} per path and model of the upstream, so that a failing model does not affect others. Keeps the {@value #MOST} most
 * recently used, because callers choose the names. Thread-safe.
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
        // The log has the name: one that is not an id may be long, or have several lines.
        String name = path + " " + (Ids.valid(model) ? model : "sha256:" + Sha256.hex(model));
        return breakers.computeIfAbsent(name, Breaker::new);
    }

    /** Number of models whose calls are rejected now. */
    synchronized long open() {
        return breakers.values().stream().filter(Breaker::isOpen).count();
    }
}
