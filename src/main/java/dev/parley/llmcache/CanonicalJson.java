package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Comparator;

/**
 * RFC 8785, the JSON Canonicalization Scheme; with one difference, so that no two questions are taken for one: a number that is more than
 * a double can hold, which that has no form for, is written out in full.
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
