package dev.parley.app;

import io.smallrye.config.ConfigMappingInterface.Property;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Collection;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A key that can be set, as {@link GatewayConfig} declares it.
 *
 * @param defaultValue null: it has none, or one that is only known on the machine
 */
record Setting(
        String key,
        ValueType<?> type,
        boolean optional,
        @Nullable String defaultValue,
        @Nullable Bounds bounds) {

    /** Every key there is, in order; of a {@link SettingFamily} the one with its placeholder. */
    static final SortedMap<String, Setting> ALL = all();

    private static SortedMap<String, Setting> all() {
        SortedMap<String, Setting> settings = new TreeMap<>();
        Map<String, Property> properties = ConfigMappings.getProperties(ConfigClass.configClass(GatewayConfig.class));
        properties.forEach((key, property) -> {
            // A list is also there by index, as [*].
            if (!property.isGroup() && !key.endsWith("]")) {
                String shown = key.replace("*", SettingFamily.NAME);
                settings.put(shown, of(shown, property));
            }
        });
        return Collections.unmodifiableSortedMap(settings);
    }

    private static Setting of(String key, Property property) {
        Type type = property.getMethod().getGenericReturnType();
        boolean optional = property.getMethod().getReturnType() == Optional.class;
        while (type instanceof ParameterizedType of) {
            type = of.getActualTypeArguments()[0];
        }
        return new Setting(
                key,
                ValueType.of((Class<?>) type),
                optional,
                property.hasDefaultValue() ? property.getDefaultValue() : null,
                property.getMethod().getAnnotation(Bounds.class));
    }

    /** What has this key; null when nothing may have it. */
    static @Nullable Setting find(String key) {
        Setting only = ALL.get(key);
        if (only != null) {
            return only.named() ? null : only;
        }
        return first(SettingFamily.ALL.stream().map(family -> family.byKey(key)));
    }

    /** What this environment variable sets; null when it is nothing. */
    static @Nullable Setting findVariable(String variable) {
        return first(Stream.concat(
                ALL.values().stream()
                        .filter(setting ->
                                !setting.named() && setting.environmentName().equals(variable)),
                SettingFamily.ALL.stream().map(family -> family.byVariable(variable))));
    }

    private static @Nullable Setting first(Stream<@Nullable Setting> settings) {
        return settings.filter(Objects::nonNull).findFirst().orElse(null);
    }

    /** All that has a value where these keys are set, in order: each setting, and under each name that is used all that have names. */
    static Collection<Setting> inEffect(Iterable<String> keys) {
        SortedMap<String, Setting> settings = new TreeMap<>();
        ALL.values().stream().filter(setting -> !setting.named()).forEach(only -> settings.put(only.key, only));
        for (String key : keys) {
            for (SettingFamily family : SettingFamily.ALL) {
                SettingFamily.ALL.stream()
                        .map(each -> each.siblingOf(family, key))
                        .filter(Objects::nonNull)
                        .forEach(setting -> settings.put(setting.key, setting));
            }
        }
        return settings.values();
    }

    /** Whether its key has a placeholder for a name. */
    boolean named() {
        return key.contains(SettingFamily.NAME);
    }

    /** {@code parley.redis.connect-timeout} is {@code PARLEY_REDIS_CONNECT_TIMEOUT}. */
    String environmentName() {
        return key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
    }

    /** What should stand there instead of that text; null when it is right. */
    @Nullable
    String refuse(String text) {
        if (optional && text.isEmpty()) {
            return null;
        }
        try {
            Object value = type.parse().apply(text);
            return bounds == null || within(value, bounds) ? null : expected();
        } catch (IllegalArgumentException | ArithmeticException e) {
            return expected();
        }
    }

    private boolean within(Object value, Bounds bounds) {
        return compare(value, bounds.least()) >= 0 && compare(value, bounds.most()) <= 0;
    }

    @SuppressWarnings("unchecked") // a bound is read by the type of the value it is compared with
    private int compare(Object value, String bound) {
        return ((Comparable<Object>) value).compareTo(type.parse().apply(bound));
    }

    private String expected() {
        return bounds == null ? type.expected() : type.expected() + ", from " + bounds.least() + " to " + bounds.most();
    }

    /** The text as it may be shown to people. */
    String shown(String text) {
        if (type.type() == Secret.class) {
            return Secret.HIDDEN;
        }
        boolean mayHavePassword = type.type() == RedisUri.class || type.type() == PostgresUrl.class;
        return mayHavePassword ? RedisUri.hidePassword(text) : text;
    }
}
