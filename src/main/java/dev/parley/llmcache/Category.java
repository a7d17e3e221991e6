package dev.parley.llmcache;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The kind of a question; its response is kept for {@link CacheSettings#ttl}. */
public enum Category {
    /** No category was named. */
    DEFAULT,
    FAQ,
    CLASSIFICATION,
    EXTRACTION,
    EMBEDDING,
    /** Questions about what changes by the minute. */
    LIVE,
    /** Responses that are not to be kept. */
    NONE;

    private final String wire = name().toLowerCase(Locale.ROOT);

    /** The names that callers use. */
    public static Set<String> words() {
        return Arrays.stream(values()).map(Category::wire).collect(Collectors.toUnmodifiableSet());
    }

    public static Category of(String wire) {
        return valueOf(wire.toUpperCase(Locale.ROOT));
    }

    public String wire() {
        return wire;
    }
}
