package dev.parley.llmcache;

import java.util.regex.Pattern;

/**
 * The caller's right to compute a response: it puts the response with this token, or abandons it.
 *
 * @param millis until another caller may take over
 */
public record ComputeLease(String token, long millis) {

    /** The form that {@code flight.lua} and {@link LocalFlights} give tokens. */
    private static final Pattern TOKEN =
            Pattern.compile("([0-9]{1,16}-[0-9]{1,16}-|" + LocalFlights.TOKEN + ")[0-9A-Za-z.]{1,64}");

    static boolean isToken(String text) {
        return TOKEN.matcher(text).matches();
    }
}
