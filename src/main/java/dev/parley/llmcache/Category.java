package dev.parley.llmcache;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What kind of question it is; its answer is kept for as long as {@link CacheSettings#ttl} says. */
public enum Category {
    /** Where nothing is said. */
    DEFAULT,
    FAQ,
    CLASSIFICATION,
    EXTRACTION,
    EMBEDDING,
    /** What changes by the minute. */
    LIVE,
    /** What is not to be kept at all. */
    NONE;

    private final String wire = name().toLowerCase(Locale.ROOT);

    /** As callers write them. */
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
