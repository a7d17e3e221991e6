package dev.parley.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StampTest {

    private static final int AT = 3;

    @Test
    void whatIsPutIsRead() {
        ByteBuf in = stamped(0xbeef, 999_999, Integer.MAX_VALUE, 1_234_567_890_123L);
        assertThat(Stamp.at(in, AT, 0xbeef)).isTrue();
        assertThat(Stamp.conversation(in, AT)).isEqualTo(999_999);
        assertThat(Stamp.number(in, AT)).isEqualTo(Integer.MAX_VALUE);
        assertThat(Stamp.nanos(in, AT)).isEqualTo(1_234_567_890_123L);
    }

    @Test
    void aClockBeforeItsZeroIsRead() {
        assertThat(Stamp.nanos(stamped(1, 2, 3, -42L), AT)).isEqualTo(-42L);
    }

    @Test
    void theBytesAroundItStay() {
        ByteBuf in = stamped(1, 2, 3, 4);
        assertThat(in.toString(StandardCharsets.US_ASCII))
                .startsWith("...@0001")
                .endsWith("4~...");
    }

    @Test
    void aStampOfAnotherRunIsNone() {
        assertThat(Stamp.at(stamped(7, 2, 3, 4), AT, 8)).isFalse();
    }

    @Test
    void textThatIsNoStampIsNone() {
        assertThat(Stamp.at(stamped(7, 2, 3, 4), AT - 1, 7)).isFalse();
        ByteBuf text = Unpooled.copiedBuffer("@0x7é" + "-".repeat(40), StandardCharsets.UTF_8);
        assertThat(Stamp.at(text, 0, 7)).isFalse();
        ByteBuf accented = Unpooled.copiedBuffer("@é7é".concat("-".repeat(29)).concat("~~~"), StandardCharsets.UTF_8);
        assertThat(Stamp.at(accented, 0, 7)).isFalse();
    }

    private static ByteBuf stamped(int run, int conversation, int number, long nanos) {
        byte[] bytes = new byte[Stamp.LENGTH + 2 * AT];
        Arrays.fill(bytes, (byte) '.');
        Stamp.put(bytes, AT, run, conversation, number, nanos);
        return Unpooled.wrappedBuffer(bytes);
    }
}
