package dev.parley.config;

import dev.parley.postgres.PostgresUrl;
import dev.parley.redis.RedisUri;
import dev.parley.support.Bounds;
import dev.parley.support.Doc;
import dev.parley.support.Secret;
import io.smallrye.config.ConfigMappingInterface.Property;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A key that can be set, as {@link GatewayConfig} declares it.
 *
 * @param defaultValue null: it has none, or one that is only known on the machine
 * @param bounds null: its type alone says what may be set
 * @param doc what it means
 */
record Setting(
        String key,
        ValueType<?> type,
        boolean optional,
        @Nullable String defaultValue,
        @Nullable Bounds bounds,
        @Nullable Doc doc) {

    /** Stands in a key for a name that the operator gives. */
    static final String NAME = "<name>";

    static Setting of(String key, Property property) {
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
                property.getMethod().getAnnotation(Bounds.class),
                property.getMethod().getAnnotation(Doc.class));
    }

    /** Whether its key has a placeholder for a name. */
    boolean named() {
        return key.contains(NAME);
    }

    /** {@code parley.redis.connect-timeout} is {@code PARLEY_REDIS_CONNECT_TIMEOUT}. */
    public String environmentName() {
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
