package dev.parley.llmcache.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TelephonesTest {

    private static final Telephones USUAL = new Telephones(Telephones.USUAL_REGIONS);

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Appelez le 06 12 34 56 78 svp | 06 12 34 56 78
            06.12.34.56.78 | 06.12.34.56.78
            Mon numéro : 0612345678. | 0612345678
            Llámame al 612 345 678 | 612 345 678
            612 345 678 | 612 345 678
            mi número es 612345678 | 612345678
            91 123 45 67, pregunta por Ana | 91 123 45 67
            llama al 91 123 45 67 | 91 123 45 67
            電話は090-1234-5678です | 090-1234-5678
            090-1234-5678 | 090-1234-5678
            ０９０－１２３４－５６７８ | ０９０－１２３４－５６７８
            09012345678に連絡して | 09012345678
            03-1234-5678 | 03-1234-5678
            Ruf mich an: 0170 1234567 | 0170 1234567
            01701234567 | 01701234567
            030/9018200 | 030/9018200
            call (555) 010-1234 | (555) 010-1234
            My number is 2125551234 | 2125551234
            212-555-1234 | 212-555-1234
            (212) 555-1234 | (212) 555-1234
            1-212-555-1234 | 1-212-555-1234
            020 7946 0958 | 020 7946 0958
            chiamami al 345 678 9012 | 345 678 9012
            06-12345678 | 06-12345678
            zadzwoń 501 234 567 | 501 234 567
            8 (912) 345-67-89 | 8 (912) 345-67-89
            позвони 8 912 345 67 89 | 8 912 345 67 89
            اتصل على ٠٥٠ ١٢٣ ٤٥٦٧ | ٠٥٠ ١٢٣ ٤٥٦٧
            טלפון 050-123-4567 | 050-123-4567
            0532 123 45 67 | 0532 123 45 67
            98765 43210 | 98765 43210
            手机13812345678 | 13812345678
            010-1234-5678 | 010-1234-5678
            (11) 91234-5678 | (11) 91234-5678
            55 1234 5678 es mi teléfono | 55 1234 5678
            0412 345 678 | 0412 345 678
            +33 6 12 34 56 78 | +33 6 12 34 56 78
            +47 22 12 34 56 (Oslo) | +47 22 12 34 56
            0049-30-901820 | 0049-30-901820
            00353 1 234 5678 | 00353 1 234 5678
            Tel.0612345678 | 0612345678
            我的手机 (+86) 138 1234 5678 | (+86) 138 1234 5678
            （＋81）90-1234-5678 | （＋81）90-1234-5678
            06 12 34 56 78 06 98 76 54 32 | 06 12 34 56 78, 06 98 76 54 32
            """)
    void aTelephoneNumberIsFoundAsItIsWritten(String text, String found) {
        assertThat(String.join(", ", USUAL.find(text))).isEqualTo(found);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Is part 0123-456789 in stock?",
                "Part number 555-010-1234",
                "Does 4711-0815-22 fit?",
                "Passt das Teil 0815-4711?",
                "Teilenummer 01701234567",
                "SKU 2125551234 and SKU 612345678",
                "AB-0612345678 or 0612345678-X",
                "Where is order 10234567?",
                "Where is order number 2125551234?",
                "Bestellung 01701234567 stornieren",
                "Commande n° 0612345678",
                "pedido 612345678",
                "Ticket #2125551234",
                "#0612345678",
                "ISBN 978-3-16-148410-0",
                "978-3-16-148410-0",
                "EAN 4006381333931",
                "2026-11-23 and 23.11.2026 and 2026-11-23 10",
                "192.168.100.200 and 10.15.7.2024",
                "Unix time 1700000000 in words",
                "1,299,000.00 EUR or 612345678 EUR",
                "$2125551234 or 2125551234 $",
                "612345678 bytes",
                "Compare 1234567890123 and 12345",
                "4111 1111 1111 1112",
                "GB82 WEST 1234 5698 7654 33",
                "3.14159265358979",
                "0x0612345678 or 0612345678abc",
                "pages 100-200, 300-400",
                "10 000 000 people",
                "+1 and +49",
                "注文番号 09012345678",
                "رقم الطلب ٠٥٠١٢٣٤٥٦٧",
                "الفاتورة رقم 0501234567",
                "מספר ההזמנה 050-123-4567",
                "3000000000 meters",
                "000000000000",
                "1234567",
                "a 1 b 2 c 3"
            })
    void anotherNumberIsNone(String text) {
        assertThat(USUAL.find(text)).isEmpty();
    }

    @Test
    void regionsSayWhatIsFoundWithoutACountrysCode() {
        assertThat(new Telephones(List.of("US")).find("06 12 34 56 78, 212-555-1234"))
                .containsExactly("212-555-1234");
        assertThat(new Telephones(List.of("FR")).find("06 12 34 56 78, 212-555-1234"))
                .containsExactly("06 12 34 56 78");
        assertThat(new Telephones(List.of()).find("06 12 34 56 78, +33 6 12 34 56 78"))
                .containsExactly("+33 6 12 34 56 78");
        assertThat(Telephones.regions()).containsAll(Telephones.USUAL_REGIONS);
        assertThatThrownBy(() -> new Telephones(List.of("XX"))).hasMessageContaining("XX");
    }

    @Test
    void aTextFullOfNumbersIsLookedAtNoFurtherAndTakenForOne() {
        String numbers = IntStream.range(0, Telephones.MOST)
                .mapToObj(i -> "order " + (10_234_567 + i))
                .collect(Collectors.joining(", "));
        assertThat(USUAL.find(numbers)).isEmpty();
        assertThat(USUAL.find(numbers + ", order 99234567")).containsExactly("99234567");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "+",
                "(",
                "0",
                "+(",
                "((((((((",
                "+0000000000",
                "-------",
                "1)2)3)4)5)6)7)8",
                "٠٠٠٠٠٠٠٠٠",
                "\uD835\uDFCE\uD835\uDFCF"
            })
    void anyTextIsRead(String text) {
        assertThat(USUAL.find(text.repeat(3))).isNotNull();
    }
}
