package dev.parley.config;

import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.common.MapBackedConfigSource;
import java.util.HashMap;
import java.util.Map;

/** Settings with their defaults, but for what a test is about. */
public final class TestSettings {

    private static final String ROOT = "test";

    private TestSettings() {}

    /**
     * @param type a group of settings, or several composed
     * @param changes keys below the group's own and values as an operator writes them, in turn; they may be out of bounds
     * @throws RuntimeException when a key is unknown or a value has another type
     */
    public static <T> T of(Class<T> type, String... changes) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < changes.length; i += 2) {
            values.put(ROOT + "." + changes[i], changes[i + 1]);
        }
        return ValueType.addTo(new SmallRyeConfigBuilder())
                .withSources(new Source(values))
                .withMapping(type, ROOT)
                .build()
                .getConfigMapping(type, ROOT);
    }

    private static final class Source extends MapBackedConfigSource {
        private static final long serialVersionUID = 1;

        Source(Map<String, String> values) {
            super("test", values);
        }
    }
}
