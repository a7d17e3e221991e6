package dev.parley.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import java.util.Objects;

/**
 * The reason of a failed request, as the client receives it (RFC 9457).
 *
 * @param status the HTTP status: the code's own, or a more exact one
 * @param detail for the caller: names the field and the fix
 * @param retryMs time after which to retry, in milliseconds; 0 if that does not help
 * @param headers names and values in turn
 */
public record Problem(int status, ErrorCode code, String detail, int retryMs, List<String> headers) {

    private static final JsonMapper JSON = new JsonMapper();

    public static Problem of(ParleyException refusal) {
        ErrorCode code = refusal.code();
        String detail = Objects.requireNonNullElse(refusal.getMessage(), code.wire());
        return new Problem(code.httpStatus(), code, detail, refusal.retryMs(), refusal.headers());
    }

    /** A bad request for which HTTP has a status of its own. */
    public static Problem of(HttpResponseStatus status, String detail) {
        return new Problem(status.code(), ErrorCode.BAD_REQUEST, detail, 0, List.of());
    }

    static Problem internal() {
        return new Problem(
                ErrorCode.INTERNAL.httpStatus(),
                ErrorCode.INTERNAL,
                "something went wrong in the gateway: its log says what",
                0,
                List.of());
    }

    /** In seconds, for {@code Retry-After}: rounded up, so that no client comes too early. */
    long retryAfter() {
        return (retryMs + 999L) / 1000;
    }

    byte[] json() {
        ObjectNode problem = JSON.createObjectNode()
                .put("type", type())
                .put("title", HttpResponseStatus.valueOf(status).reasonPhrase())
                .put("status", status)
                .put("detail", detail)
                .put("code", code.wire())
                .put("temporary", code.temporary());
        if (retryMs > 0) {
            problem.put("retry_ms", retryMs);
        }
        try {
            return JSON.writeValueAsBytes(problem);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers can't be written", e);
        }
    }

    /** A problem that its status explains has no type of its own. */
    private String type() {
        return status == code.httpStatus() ? "urn:parley:error:" + code.wire() : "about:blank";
    }
}
