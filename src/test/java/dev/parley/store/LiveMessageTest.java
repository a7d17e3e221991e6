package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.event.Position;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LiveMessageTest {

    private static List<LiveMessage> parse(String message) {
        return LiveMessage.parse(message.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void eachEventOfAMessageNamesTheOneBefore() {
        List<LiveMessage> messages = parse("0 5-0 - 7 {\"a\":1} 5-1 id-2 9 {\"b\": \"\"} 6-0 - 2 {}");
        assertThat(messages).extracting(one -> one.prev().toString()).containsExactly("0", "5-0", "5-1");
        assertThat(messages)
                .extracting(one -> one.entry().position())
                .containsExactly(Position.of("5-0"), Position.of("5-1"), Position.of("6-0"));
        assertThat(messages).extracting(one -> one.entry().eventId()).containsExactly(null, "id-2", null);
        assertThat(messages)
                .extracting(one -> new String(one.entry().event(), StandardCharsets.UTF_8))
                .containsExactly("{\"a\":1}", "{\"b\": \"\"}", "{}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "hello",
                "0",
                "0 5-0",
                "0 5-0 -",
                "0 5-0 - 2",
                "0 5-0 - 3 {}",
                "0 5-0 - x {}",
                "0 x - 2 {}",
                "x 5-0 - 2 {}",
                "0 5-0 - 2 {} 5-1",
                "0 5-0 - 99999999999 {}",
                "0 5-0 - -1 {}"
            })
    void whatIsNoMessageIsNone(String message) {
        assertThat(parse(message)).isEmpty();
    }

    @Test
    void aLateEventIsMarkedBehindItsSize() {
        assertThat(parse("0 5-0 - 7! {\"a\":1} 5-1 - 2 {}"))
                .extracting(message -> message.entry().late())
                .containsExactly(true, false);
    }
}
