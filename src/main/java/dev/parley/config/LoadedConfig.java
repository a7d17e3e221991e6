package dev.parley.config;

import static java.util.Objects.requireNonNull;

import io.smallrye.config.ConfigValue;
import io.smallrye.config.SmallRyeConfig;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** The configuration, and where each value of it came from. */
public record LoadedConfig(GatewayConfig gateway, SmallRyeConfig values) {

    static final String DEFAULT = "default";
    static final String ENVIRONMENT = "environment";

    /** All that has a value, in the keys' order. */
    Collection<Setting> settings() {
        return Settings.inEffect(values.getPropertyNames());
    }

    /** {@code default}, {@code demo}, {@code file parley.yml}, {@code environment PARLEY_NODE} or {@code flag}. */
    String origin(Setting setting) {
        return origin(setting, values);
    }

    static String origin(Setting setting, SmallRyeConfig values) {
        ConfigValue value = values.getConfigValue(setting.key());
        String source = value.getValue() == null ? null : value.getConfigSourceName();
        if (source == null || source.startsWith("DefaultValues")) {
            return DEFAULT;
        }
        return source.equals(ENVIRONMENT) ? source + " " + setting.environmentName() : source;
    }

    boolean isDefault(String key) {
        return origin(requireNonNull(Settings.ALL.get(key))).equals(DEFAULT);
    }

    /** As it was written; null where nothing is set and there is no default. */
    @Nullable
    String text(Setting setting) {
        return values.getConfigValue(setting.key()).getValue();
    }
}
