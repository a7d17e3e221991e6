package dev.parley.app;

import io.smallrye.config.ConfigMappingInterface.Property;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
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

    /** Every key there is, in order. */
    static final SortedMap<String, Setting> ALL = all();

    private static SortedMap<String, Setting> all() {
        SortedMap<String, Setting> settings = new TreeMap<>();
        Map<String, Property> properties = ConfigMappings.getProperties(ConfigClass.configClass(GatewayConfig.class));
        properties.forEach((key, property) -> {
            // A list is also there by index, as [*].
            if (!property.isGroup() && !key.endsWith("]")) {
                settings.put(key, of(key, property));
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
        return type.type() == RedisUri.class ? RedisUri.hidePassword(text) : text;
    }
}
