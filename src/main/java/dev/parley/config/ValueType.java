package dev.parley.config;

import static java.util.stream.Collectors.joining;

import dev.parley.auth.AuthMode;
import dev.parley.llmcache.semantic.embedding.Embedding;
import dev.parley.openai.UpstreamUrl;
import dev.parley.postgres.PostgresUrl;
import dev.parley.ratelimit.LimitScope;
import dev.parley.redis.RedisUri;
import dev.parley.support.Secret;
import dev.parley.support.Size;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.lang.invoke.MethodType;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How the text of a setting becomes a value.
 *
 * @param expected completes "expected …", for people
 * @param parse throws {@link IllegalArgumentException} or {@link ArithmeticException} on anything else
 */
public record ValueType<T>(Class<T> type, String expected, Function<String, T> parse) {

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,18})(ms|s|m|h|d)");

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}([.][0-9]{1,9})?");

    private static final List<ValueType<?>> ALL = List.of(
            new ValueType<>(Duration.class, "a duration such as 150ms, 5s, 10m, 2h or 30d", ValueType::duration),
            new ValueType<>(Size.class, "a size such as 64KiB, 4MiB, 1GiB or plain bytes", Size::parse),
            new ValueType<>(Integer.class, "a whole number", Integer::valueOf),
            new ValueType<>(Double.class, "a number", ValueType::number),
            new ValueType<>(Boolean.class, "true or false", ValueType::bool),
            new ValueType<>(String.class, "a text that is not empty", ValueType::text),
            new ValueType<>(RedisUri.class, "a URI such as redis://:password@host:6379", RedisUri::parse),
            new ValueType<>(
                    PostgresUrl.class,
                    "a URL such as postgresql://host:5432/database, without user and password",
                    PostgresUrl::parse),
            new ValueType<>(UpstreamUrl.class, "a URL such as https://api.openai.com/v1", UpstreamUrl::parse),
            new ValueType<>(Secret.class, "a text that is not empty", text -> new Secret(text(text))),
            oneOf(AuthMode.class),
            oneOf(Embedding.class),
            oneOf(LogFormat.class),
            oneOf(LimitScope.class));

    public static ValueType<?> of(Class<?> type) {
        Class<?> boxed = MethodType.methodType(type).wrap().returnType();
        return ALL.stream()
                .filter(candidate -> candidate.type == boxed)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no setting can be a " + type.getName()));
    }

    /** Makes a config read values as this class does. */
    static SmallRyeConfigBuilder addTo(SmallRyeConfigBuilder builder) {
        ALL.forEach(type -> type.register(builder));
        return builder;
    }

    private void register(SmallRyeConfigBuilder builder) {
        builder.withConverter(type, 200, parse::apply);
    }

    private static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a duration");
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
    }

    private static Double number(String text) {
        if (!NUMBER.matcher(text).matches()) {
            throw new IllegalArgumentException("not a number");
        }
        return Double.valueOf(text);
    }

    /** Strict: a mistyped "ture" must not mean false. */
    private static Boolean bool(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException("neither true nor false");
        }
        return text.equals("true");
    }

    private static String text(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("empty");
        }
        return text;
    }

    private static <E extends Enum<E>> ValueType<E> oneOf(Class<E> type) {
        String names = Stream.of(type.getEnumConstants()).map(ValueType::name).collect(joining(" or "));
        return new ValueType<>(
                type,
                names,
                text -> Stream.of(type.getEnumConstants())
                        .filter(constant -> name(constant).equals(text))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("not one of them")));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
