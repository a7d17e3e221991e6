package dev.parley.llmcache;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Comparator;

/**
 * JSON as Python's {@code json.dumps(…, sort_keys=True)} writes it, byte for byte: separators with a space, names by code point, everything
 * beyond printable ASCII escaped, floats as {@code repr} has them. A negative zero, which a tree of decimals does not distinguish, is 0.0.
 */
final class PythonJson extends JsonForm {

    static final Comparator<String> BY_CODE_POINT = PythonJson::compare;
    static final PythonJson FORM = new PythonJson();

    private PythonJson() {
        super(", ", ": ", BY_CODE_POINT);
    }

    @Override
    boolean escaped(char c) {
        return c < ' ' || c > '~';
    }

    @Override
    String number(JsonNode number) {
        return number.isIntegralNumber() ? number.bigIntegerValue().toString() : repr(number.doubleValue());
    }

    private static String repr(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "Infinity" : "-Infinity";
        }
        if (value == 0) {
            return "0.0";
        }
        BigDecimal shortest = new BigDecimal(shortest(value)).stripTrailingZeros();
        String digits = shortest.unscaledValue().abs().toString();
        // The place of the decimal point, counted from the first digit.
        int point = digits.length() - shortest.scale();
        String sign = value < 0 ? "-" : "";
        if (point > 16 || point < -3) {
            String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
            int exponent = point - 1;
            return sign
                    + digits.charAt(0)
                    + fraction
                    + (exponent < 0 ? "e-" : "e+")
                    + (Math.abs(exponent) < 10 ? "0" : "")
                    + Math.abs(exponent);
        }
        if (point <= 0) {
            return sign + "0." + "0".repeat(-point) + digits;
        }
        if (point >= digits.length()) {
            return sign + digits + "0".repeat(point - digits.length()) + ".0";
        }
        return sign + digits.substring(0, point) + "." + digits.substring(point);
    }

    /** Compares by code points: UTF-16 sorts characters beyond the first plane before the end of it. */
    private static int compare(String one, String other) {
        int length = Math.min(one.length(), other.length());
        for (int i = 0; i < length; i++) {
            char a = one.charAt(i);
            char b = other.charAt(i);
            if (a != b) {
                boolean differ = Character.isSurrogate(a) != Character.isSurrogate(b);
                return differ ? (Character.isSurrogate(a) ? 1 : -1) : Character.compare(a, b);
            }
        }
        return Integer.compare(one.length(), other.length());
    }
}
