package dev.parley.llmcache;

import java.util.regex.Pattern;

/**
 * That the caller is the one to compute an answer: it puts it with this token, or gives it up.
 *
 * @param millis until somebody else may
 */
public record ComputeLease(String token, long millis) {

    /** As {@code flight.lua} and {@link LocalFlights} make them. */
    private static final Pattern TOKEN =
            Pattern.compile("([0-9]{1,16}-[0-9]{1,16}-|" + LocalFlights.TOKEN + ")[0-9A-Za-z.]{1,64}");

    static boolean isToken(String text) {
        return TOKEN.matcher(text).matches();
    }
}
