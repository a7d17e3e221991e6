package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Comparator;

/**
 * RFC 8785, the JSON Canonicalization Scheme, with one difference so that different questions have different forms: a number that a double
 * can't hold, for which the RFC has no form, is written out in full.
 */
final class CanonicalJson extends JsonForm {

    static final CanonicalJson FORM = new CanonicalJson();

    private CanonicalJson() {
        super(",", ":", Comparator.naturalOrder());
    }

    @Override
    boolean escaped(char c) {
        return c < ' ';
    }

    @Override
    String number(JsonNode number) {
        double value = number.doubleValue();
        BigDecimal exact = number.decimalValue();
        if (!Double.isInfinite(value)) {
            String shortest = shortest(value);
            if (exact.compareTo(new BigDecimal(shortest)) == 0) {
                return shortest;
            }
        }
        return exact.stripTrailingZeros().toString();
    }
}
