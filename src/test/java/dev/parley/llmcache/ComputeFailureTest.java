package dev.parley.llmcache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ComputeFailureTest {

    @Test
    void itComesBackAsItWas() {
        for (String body : new String[] {"", "{}", "\n\n", "a\n\nb", "\u0000\u00ff"}) {
            for (List<String> headers : List.of(List.<String>of(), List.of("retry-after", "3", "x-request-id", ""))) {
                ComputeFailure read =
                        read(new ComputeFailure("a", 429, "application/json", headers, body.getBytes(UTF_8)));
                assertThat(read.account()).isEqualTo("a");
                assertThat(read.status()).isEqualTo(429);
                assertThat(read.type()).isEqualTo("application/json");
                assertThat(read.body()).asString(UTF_8).isEqualTo(body);
                assertThat(read.headers()).isEqualTo(headers);
            }
        }
    }

    @Test
    void aLineBreakInAHeaderMakesNoOther() {
        ComputeFailure read =
                read(new ComputeFailure("a", 400, "text/plain\n", List.of("x", "1\n\n2"), new byte[] {7}));
        assertThat(read.headers()).containsExactly("x", "1  2");
        assertThat(read.type()).isEqualTo("text/plain ");
        assertThat(read.body()).containsExactly(7);
    }

    @Test
    void whatIsNoneIsNone() {
        for (String text : new String[] {"", "\n", "\n\n", "a\n\n", "a\n42\nt\n\n", "a\n400\n\n", "a\n400\nt"}) {
            assertThat(ComputeFailure.decoded(text.getBytes(UTF_8))).as(text).isNull();
        }
    }

    private static ComputeFailure read(ComputeFailure failure) {
        return Objects.requireNonNull(ComputeFailure.decoded(failure.encoded()));
    }
}
