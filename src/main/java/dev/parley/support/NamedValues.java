package dev.parley.support;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Lists of {@code name=value}, as settings have them. */
public final class NamedValues {

    private NamedValues() {}

    /**
     * The values by their names; the last one of a name counts.
     *
     * @param list each with an equals sign
     * @param value parses what is right of the first equals sign
     */
    public static <T> Map<String, T> of(List<String> list, Function<String, T> value) {
        return list.stream()
                .map(each -> each.split("=", 2))
                .collect(Collectors.toUnmodifiableMap(
                        both -> both[0], both -> value.apply(both[1]), (one, other) -> other));
    }
}
