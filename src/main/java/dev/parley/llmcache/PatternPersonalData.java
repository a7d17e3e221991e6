package dev.parley.llmcache;

import dev.parley.llmcache.text.HiddenText;
import dev.parley.llmcache.text.Telephones;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Recognises personal data by its form: e-mail addresses, telephone numbers, IBANs (ISO 13616, with their checksum) and card numbers
 * (ISO/IEC 7812, with Luhn's). {@link Telephones} recognises telephone numbers. Names and addresses are not recognised.
 */
public final class PatternPersonalData implements PersonalData {

    private record Form(Pattern pattern, Predicate<String> check) {

        Stream<String> in(String text) {
            Matcher matcher = pattern.matcher(text);
            return matcher.results().map(MatchResult::group).filter(check);
        }
    }

    /** ISO 13616's registry: countries, and the lengths of their IBANs. */
    private static final String LENGTHS =
            "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18"
                    + "FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21MC27MD24ME22MK19MR27MT31MU30"
                    + "NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";

    private static final Pattern IBAN_LENGTHS = Pattern.compile("([A-Z]{2})(\\d{2})");

    private static final List<Form> FORMS = List.of(
            new Form(
                    Pattern.compile(
                            "(?<![\\w.+-])[\\w.%+-]{1,64}+@(?:[\\p{L}\\d-]{1,63}\\.){1,8}\\p{L}{2,24}",
                            Pattern.UNICODE_CHARACTER_CLASS),
                    found -> true),
            new Form(
                    Pattern.compile("(?<![A-Za-z0-9])[A-Za-z]{2}\\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])"),
                    PatternPersonalData::iban),
            new Form(Pattern.compile("(?<![\\d.,])\\d(?:[ -]?\\d){12,18}(?![\\d])"), PatternPersonalData::card));

    private final Telephones telephones;

    /** Recognises telephone numbers of the default regions. */
    public PatternPersonalData() {
        this(Telephones.USUAL_REGIONS);
    }

    /** @param regions whose telephone numbers are recognised as they are written there, of {@link Telephones#regions} */
    public PatternPersonalData(Collection<String> regions) {
        this.telephones = new Telephones(regions);
    }

    /** Reads the text without invisible characters, which may stand between digits. */
    @Override
    public List<String> find(String text) {
        String seen = HiddenText.without(text);
        return Stream.concat(FORMS.stream().flatMap(form -> form.in(seen)), telephones.find(seen).stream())
                .toList();
    }

    /** Text after an IBAN may look like more of it, so the country decides its length. */
    private static boolean iban(String text) {
        String letters = text.replaceAll("[ -]", "").toUpperCase(Locale.ROOT);
        Matcher country = IBAN_LENGTHS.matcher(LENGTHS);
        while (country.find()) {
            int length = Integer.parseInt(country.group(2));
            if (letters.startsWith(country.group(1))) {
                return letters.length() >= length && checksum(letters.substring(0, length));
            }
        }
        return false;
    }

    private static boolean checksum(String iban) {
        int remainder = 0;
        for (int i = 0; i < iban.length(); i++) {
            int value = Character.digit(iban.charAt((i + 4) % iban.length()), 36);
            remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
        }
        return remainder == 1;
    }

    private static boolean card(String text) {
        String digits = text.replaceAll("[ -]", "");
        int sum = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(digits.length() - 1 - i) - '0';
            int doubled = i % 2 == 0 ? digit : digit * 2;
            sum += doubled > 9 ? doubled - 9 : doubled;
        }
        return sum % 10 == 0 && digits.charAt(0) != '0';
    }
}
