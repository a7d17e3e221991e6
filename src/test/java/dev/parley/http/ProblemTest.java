package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProblemTest {

    @Test
    void aFinalRefusalIsWrittenWithoutARetry() {
        assertThat(json(Problem.of(ParleyException.badRequest("ttl must be a \"number\""))))
                .isEqualTo("{\"type\":\"urn:parley:error:bad_request\",\"title\":\"Bad Request\",\"status\":400,"
                        + "\"detail\":\"ttl must be a \\\"number\\\"\",\"code\":\"bad_request\",\"temporary\":false}");
    }

    @Test
    void aTemporaryRefusalSaysWhenToComeBack() {
        assertThat(json(Problem.of(ParleyException.of(ErrorCode.OVERLOADED, "the queue is full"))))
                .isEqualTo("{\"type\":\"urn:parley:error:overloaded\",\"title\":\"Service Unavailable\",\"status\":503,"
                        + "\"detail\":\"the queue is full\",\"code\":\"overloaded\",\"temporary\":true,"
                        + "\"retry_ms\":1000}");
    }

    @Test
    void aStatusThatSaysItAllNeedsNoTypeOfItsOwn() {
        assertThat(json(Problem.of(HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON")))
                .isEqualTo("{\"type\":\"about:blank\",\"title\":\"Unsupported Media Type\",\"status\":415,"
                        + "\"detail\":\"send JSON\",\"code\":\"bad_request\",\"temporary\":false}");
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "999, 1", "1000, 1", "1001, 2", "2147483647, 2147484"})
    void secondsAreRoundedUp(int retryMs, long seconds) {
        assertThat(new Problem(503, ErrorCode.OVERLOADED, "full", retryMs, List.of()).retryAfter())
                .isEqualTo(seconds);
    }

    private static String json(Problem problem) {
        return new String(problem.json(), StandardCharsets.UTF_8);
    }
}
