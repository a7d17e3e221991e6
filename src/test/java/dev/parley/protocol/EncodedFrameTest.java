package dev.parley.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EncodedFrameTest {

    private static final int EMPTY = frame("").json().length();

    private static EncodedFrame frame(String text) {
        return ServerFrames.event("c", null, null, false, ("\"" + text + "\"").getBytes(UTF_8));
    }

    @ParameterizedTest(name = "{0} bytes behind {1}")
    @CsvSource({"64, 2", "125, 2", "126, 4", "127, 4", "65535, 4", "65536, 10", "200000, 10"})
    void itsHeaderIsWhatAnotherImplementationReads(int length, int header) {
        EncodedFrame frame = frame("x".repeat(length - EMPTY));
        assertThat(frame.json()).hasSize(length).hasToString(frame.toString());
        assertThat(frame.size()).isEqualTo(header + length);
        assertThat(decoded(frame)).isEqualTo(frame.json());
    }

    @ParameterizedTest
    @CsvSource({"123", "124", "126"})
    void lengthsCountBytesAndNotCharacters(int length) {
        EncodedFrame frame = frame("é".repeat((length - EMPTY) / 2));
        assertThat(decoded(frame)).isEqualTo(frame.json()).endsWith("é\"}");
    }

    /** As a client's decoder reads it: unmasked frames only. */
    private static String decoded(EncodedFrame frame) {
        EmbeddedChannel client = new EmbeddedChannel(new WebSocket13FrameDecoder(false, false, 1 << 20));
        ByteBuf wire = Unpooled.buffer();
        frame.writeTo(wire);
        assertThat(client.writeInbound(wire)).isTrue();
        TextWebSocketFrame read = client.readInbound();
        try {
            assertThat(read.isFinalFragment()).isTrue();
            assertThat(read.rsv()).isZero();
            return read.text();
        } finally {
            read.release();
            assertThat(client.finishAndReleaseAll()).as("anything behind it").isFalse();
        }
    }
}
