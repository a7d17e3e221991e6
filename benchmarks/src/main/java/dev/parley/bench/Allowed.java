package dev.parley.bench;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.function.Function;
import java.util.function.Predicate;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What an option's value may be. Anything else is refused before a run begins, for it would measure nothing, or something else. */
final class Allowed {

    private Allowed() {}

    /** So many. */
    static final class Count implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return read(value, Integer::valueOf, count -> count >= 1, "a whole number from 1 on");
        }
    }

    /** So many a second; 0 is as fast as it goes. */
    static final class Rate implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            return value.equals("max")
                    ? 0.0
                    : read(
                            value,
                            Double::valueOf,
                            rate -> rate > 0 && Double.isFinite(rate),
                            "a number of more than 0, or max");
        }
    }

    /** So many times as much. */
    static final class Factor implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            return read(value, Double::valueOf, factor -> factor >= 1, "a number from 1 on");
        }
    }

    static final class Time implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            return read(value, Allowed::time, time -> !time.isNegative() && !time.isZero(), "a time such as 10s or 2m");
        }
    }

    static final class TimeOrNone implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            return read(value, Allowed::time, time -> !time.isNegative(), "a time such as 10s or 2m, or 0s");
        }
    }

    private static Duration time(String value) {
        return Duration.parse("PT" + value);
    }

    /** The option's name is put before the message. */
    private static <T> T read(String value, Function<String, T> parse, Predicate<T> allowed, String what) {
        try {
            T read = parse.apply(value);
            if (allowed.test(read)) {
                return read;
            }
        } catch (NumberFormatException | DateTimeParseException notOne) {
            // Refused below, as one that is out of bounds.
        }
        throw new TypeConversionException("'" + value + "' is not allowed, but " + what);
    }
}
