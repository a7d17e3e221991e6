package dev.parley.openai;

import dev.parley.llmcache.CacheSettings;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The directives of a request's {@code Cache-Control} (RFC 9111, section 5.2.1). Unknown ones are ignored, as the RFC says.
 *
 * @param noStore neither read from the cache nor stored
 * @param noCache not read from the cache
 * @param onlyIfCached only from the cache
 * @param maxAge maximum age of the response; null: any
 */
record CacheControl(
        boolean noStore,
        boolean noCache,
        boolean onlyIfCached,
        @Nullable Duration maxAge) {

    static CacheControl of(List<String> headers) {
        boolean noStore = false;
        boolean noCache = false;
        boolean onlyIfCached = false;
        Duration maxAge = null;
        for (String word : String.join(",", headers).toLowerCase(Locale.ROOT).split(",", -1)) {
            String directive = word.strip();
            noStore |= directive.equals("no-store");
            noCache |= directive.equals("no-cache");
            onlyIfCached |= directive.equals("only-if-cached");
            if (directive.startsWith("max-age=")) {
                maxAge = seconds(directive.substring("max-age=".length()));
            }
        }
        return new CacheControl(noStore, noCache, onlyIfCached, maxAge);
    }

    /** An invalid number counts as the strictest one. */
    private static Duration seconds(String text) {
        String digits = text.replace("\"", "");
        if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Duration.ZERO;
        }
        long most = CacheSettings.MAX_TTL.multipliedBy(2).toSeconds();
        return Duration.ofSeconds(digits.length() > 9 ? most : Math.min(most, Long.parseLong(digits)));
    }
}
