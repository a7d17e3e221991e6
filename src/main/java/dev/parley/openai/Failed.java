package dev.parley.openai;

import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The upstream's answer is an error, which is passed on as it is. Carries no stack trace. */
final class Failed extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;
    private final transient HttpHeaders headers;
    private final transient byte[] body;

    Failed(int status, HttpHeaders headers, byte[] body) {
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

    boolean temporary() {
        return status == 429 || status == 502 || status == 503 || status == 504;
    }

    /** Null when it does not say, or not in seconds. */
    @Nullable
    Duration retryAfter() {
        String seconds = headers.get("Retry-After");
        return seconds != null && seconds.matches("[0-9]{1,6}") ? Duration.ofSeconds(Long.parseLong(seconds)) : null;
    }
}
