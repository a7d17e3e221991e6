package dev.parley.redis;

import dev.parley.support.Secret;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Redis URI. {@link #toString} hides the password; {@link #value()} is the whole. */
public record RedisUri(String value) {

    private static final Pattern TEXT = Pattern.compile("rediss?(-sentinel|-cluster)?://[^/].*");

    /** Matches up to the last @, because a password may contain one; a name without a colon is also a password. */
    private static final Pattern CREDENTIALS = Pattern.compile("^([a-z-]+://)(?:([^:@/]*):)?.*@");

    /** @throws IllegalArgumentException when it is not a Redis URI */
    public static RedisUri parse(String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("not a Redis URI");
        }
        RedisTopology unused = RedisTopology.parse(text);
        return new RedisUri(text);
    }

    private static final Pattern OPTION = Pattern.compile("([?&][a-z]*password=)[^&]*", Pattern.CASE_INSENSITIVE);

    /** Works on any text that was meant to be a URI, so that an error can show it. */
    public static String hidePassword(String uri) {
        String text = OPTION.matcher(uri).replaceAll("$1" + Secret.HIDDEN);
        Matcher matcher = CREDENTIALS.matcher(text);
        if (!matcher.find()) {
            int at = text.lastIndexOf('@');
            return at < 0 ? text : Secret.HIDDEN + text.substring(at);
        }
        String user = matcher.group(2) == null ? "" : matcher.group(2) + ":";
        return matcher.group(1) + user + Secret.HIDDEN + "@" + text.substring(matcher.end());
    }

    @Override
    public String toString() {
        return hidePassword(value);
    }
}
