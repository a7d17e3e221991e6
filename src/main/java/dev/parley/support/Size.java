package dev.parley.support;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes: {@code 512}, {@code 64KiB}, {@code 4MiB}, {@code 1GiB}. Not negative. */
public record Size(long bytes) implements Comparable<Size> {

    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18})(B|KiB|MiB|GiB)?");

    /** @throws IllegalArgumentException when the text is not written like that */
    public static Size parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a size");
        }
        String unit = matcher.group(2) == null ? "B" : matcher.group(2);
        int shift = switch (unit) {
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            default -> 0;
        };
        return new Size(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
    }

    /** For what takes an {@code int}: only for settings whose bounds lie below 2 GiB. */
    public int intBytes() {
        return Math.toIntExact(bytes);
    }

    @Override
    public int compareTo(Size other) {
        return Long.compare(bytes, other.bytes);
    }
}
