package dev.parley.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8Test {

    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private final CharsetDecoder decoder = UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "7F",
                "C2 80",
                "DF BF",
                "E0 A0 80",
                "ED 9F BF",
                "EE 80 80",
                "EF BF BF",
                "F0 90 80 80",
                "F0 9F 98 80",
                "F4 8F BF BF",
                "EF BB BF 61"
            })
    void theFirstAndLastOfEachLengthAreValid(String hex) {
        assertEverywhere(hex, true);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                // a continuation byte alone, a first byte alone, a sequence cut short
                "80",
                "BF",
                "C2",
                "E0 A0",
                "F0 90 80",
                "C2 41",
                "E2 82 41",
                "F0 9F 98 41",
                // overlong
                "C0 80",
                "C0 AF",
                "C1 BF",
                "E0 80 80",
                "E0 9F BF",
                "F0 80 80 80",
                "F0 8F BF BF",
                // surrogates, also as a pair
                "ED A0 80",
                "ED BF BF",
                "ED A0 BD ED B8 80",
                // above U+10FFFF, and the lengths that were once foreseen
                "F4 90 80 80",
                "F5 80 80 80",
                "F8 88 80 80 80",
                "FC 84 80 80 80 80",
                "FE",
                "FF"
            })
    void whatUnicodeForbidsIsInvalid(String hex) {
        assertEverywhere(hex, false);
    }

    /** Long runs of ASCII are read eight bytes at a time: the sequence must be seen at each offset and with each tail. */
    private static void assertEverywhere(String hex, boolean valid) {
        byte[] sequence = hex.isEmpty() ? new byte[0] : HEX.parseHex(hex);
        for (int before = 0; before <= 17; before++) {
            for (int behind = 0; behind <= 9; behind++) {
                byte[] bytes = new byte[before + sequence.length + behind];
                Arrays.fill(bytes, (byte) 'x');
                System.arraycopy(sequence, 0, bytes, before, sequence.length);
                assertThat(Utf8.valid(bytes))
                        .as("%s behind %d and before %d characters", hex, before, behind)
                        .isEqualTo(valid);
            }
        }
    }

    @Test
    void allPairsOfBytesAreJudgedAsTheJdkDoes() {
        for (int i = 0; i < 1 << 16; i++) {
            assertAgrees((byte) (i >> 8), (byte) i);
        }
    }

    @Test
    void allLongSequencesAtTheEdgesAreJudgedAsTheJdkDoes() {
        int[] edges = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
        for (int first = 0xC0; first <= 0xFF; first++) {
            for (int second = 0; second <= 0xFF; second++) {
                for (int third : edges) {
                    assertAgrees((byte) first, (byte) second, (byte) third);
                    for (int fourth : edges) {
                        assertAgrees((byte) first, (byte) second, (byte) third, (byte) fourth);
                    }
                }
            }
        }
    }

    @Test
    void randomTextsWithOneByteBentAreJudgedAsTheJdkDoes() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(24); length > 0; length--) {
                int point = random.nextInt(4) > 0 ? random.nextInt(0x80) : random.nextInt(0x110000);
                text.appendCodePoint(point >= 0xD800 && point <= 0xDFFF ? 0xFFFD : point);
            }
            byte[] bytes = text.toString().getBytes(UTF_8);
            assertThat(Utf8.valid(bytes)).isTrue();
            if (bytes.length > 0) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                assertAgrees(bytes);
            }
        }
    }

    private void assertAgrees(byte... bytes) {
        if (Utf8.valid(bytes) != jdk(bytes)) {
            throw new AssertionError(HEX.formatHex(bytes) + " is " + (jdk(bytes) ? "valid" : "invalid"));
        }
    }

    private boolean jdk(byte[] bytes) {
        CharBuffer out = CharBuffer.allocate(bytes.length + 1);
        CoderResult result = decoder.reset().decode(ByteBuffer.wrap(bytes), out, true);
        return !result.isError();
    }
}
