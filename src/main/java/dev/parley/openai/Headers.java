package dev.parley.openai;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Headers of the upstream's responses. */
final class Headers {

    private static final String EVENTS = "text/event-stream";

    private Headers() {}

    /** The headers that callers receive, names and values in turn. */
    static List<String> passed(HttpHeaders headers) {
        List<String> passed = new ArrayList<>();
        for (Map.Entry<String, String> header : headers) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (name.startsWith("openai-")
                    || name.startsWith("x-ratelimit-")
                    || name.equals("x-request-id")
                    || name.equals("x-should-retry")
                    || name.equals("content-encoding")
                    || name.startsWith("retry-after")) {
                passed.add(name);
                passed.add(header.getValue());
            }
        }
        return passed;
    }

    static String contentType(HttpHeaders headers) {
        return Objects.requireNonNullElse(headers.get(HttpHeaderNames.CONTENT_TYPE), "application/octet-stream");
    }

    static boolean isStream(HttpHeaders headers) {
        return contentType(headers).toLowerCase(Locale.ROOT).startsWith(EVENTS);
    }

    /** Whether a body has an encoding that the gateway does not read; the caller may. */
    static boolean isEncoded(HttpHeaders headers) {
        return headers.contains(HttpHeaderNames.CONTENT_ENCODING)
                && !headers.get(HttpHeaderNames.CONTENT_ENCODING).equalsIgnoreCase("identity");
    }
}
