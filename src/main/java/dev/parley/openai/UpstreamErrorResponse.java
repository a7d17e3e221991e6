package dev.parley.openai;

import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An error response of the upstream, which is passed on unchanged. Carries no stack trace. */
final class UpstreamErrorResponse extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;
    private final transient HttpHeaders headers;
    private final transient byte[] body;

    UpstreamErrorResponse(int status, HttpHeaders headers, byte[] body) {
        super("the upstream answers " + status, null, false, false);
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    int status() {
        return status;
    }

    HttpHeaders headers() {
        return headers;
    }

    byte[] body() {
        return body;
    }

    /** Whether a retry may succeed: by the upstream's {@code x-should-retry}, otherwise by the status. */
    boolean temporary() {
        String said = headers.get("x-should-retry", "");
        return said.equals("true")
                || (!said.equals("false") && (status == 429 || status == 502 || status == 503 || status == 504));
    }

    /**
     * Whether every caller of the same request with the same credentials receives this response now. A request that timed out (408), met a
     * lock (409) or came too early (425) may succeed the next time. So may one that failed within the upstream (5xx).
     */
    boolean isForAll() {
        return status < 500
                && status != 408
                && status != 409
                && status != 425
                && !headers.get("x-should-retry", "").equals("true");
    }

    /** Null if the upstream states none, or neither in milliseconds nor in seconds. */
    @Nullable
    Duration retryAfter() {
        String millis = headers.get("retry-after-ms");
        if (millis != null && millis.matches("[0-9]{1,9}")) {
            return Duration.ofMillis(Long.parseLong(millis));
        }
        String seconds = headers.get("Retry-After");
        return seconds != null && seconds.matches("[0-9]{1,6}") ? Duration.ofSeconds(Long.parseLong(seconds)) : null;
    }
}
