package dev.parley.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelCodecTest {

    private final ChannelCodec codec = new ChannelCodec();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "c",
                "1234567",
                "12345678",
                "agent:events:agent.response.chunk",
                "parley:{gr\u00fc\u00df \ud83d\ude00}:live"
            })
    void aNameIsReadAsItWasWrittenHoweverOften(String name) {
        for (int i = 0; i < 3; i++) {
            assertThat(codec.decodeKey(codec.encodeKey(name))).isEqualTo(name);
        }
    }

    @Test
    void whatWasHeardBeforeIsTheSameString() {
        String first = codec.decodeKey(codec.encodeKey("agent:events:*"));
        assertThat(codec.decodeKey(codec.encodeKey("agent:events:*"))).isSameAs(first);
    }

    @Test
    void namesThatTakeEachOthersPlaceAreNotMistaken() {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 20_000; i++) {
                String name = "parley:{c-" + i + "}:live";
                assertThat(codec.decodeKey(codec.encodeKey(name))).isEqualTo(name);
            }
        }
    }

    @Test
    void onlyWhatStandsInTheBufferIsRead() {
        ByteBuffer direct = ByteBuffer.allocateDirect(64);
        direct.put("xxchannelxx".getBytes(UTF_8)).flip();
        direct.position(2).limit(9);
        assertThat(codec.decodeKey(direct.duplicate())).isEqualTo("channel");
        assertThat(codec.decodeKey(direct)).isEqualTo("channel");
    }

    @Test
    void messagesAreBytes() {
        byte[] message = {0, (byte) 0xFF, 'a'};
        assertThat(codec.decodeValue(codec.encodeValue(message))).isEqualTo(message);
    }
}
