package dev.parley.llmcache.text;

import com.google.i18n.phonenumbers.PhoneNumberUtil;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds telephone numbers: those with a country's code in front, and those of some regions as they are written there. What stands beside a
 * number decides where its digits do not: it counts in any form beside "call", and not at all beside "order" or "part".
 *
 * <p>Thread-safe, never blocks. Takes time in proportion to the text, and some tens of microseconds for a number that may be one and each
 * region; after {@link #MOST} of those it looks at no more and takes the next one for a telephone number.
 */
public final class Telephones {

    /** Regions whose numbers are found where nothing else is said. */
    public static final List<String> USUAL_REGIONS = List.of(
            "AE", "AT", "AU", "BE", "BR", "CH", "CN", "DE", "EG", "ES", "FR", "GB", "HK", "ID", "IL", "IN", "IT", "JP",
            "KR", "MX", "NL", "PL", "PT", "RU", "SA", "TR", "TW", "US", "VN");

    /** Numbers of a text that are looked at. */
    static final int MOST = 64;

    private static final int FEWEST_DIGITS = 7;
    private static final int MOST_DIGITS = 15;
    private static final int FEWEST_INTERNATIONAL = 8;

    /** A country's code and a number, behind two zeros. */
    private static final int FEWEST_BEHIND_ZEROS = 9;

    /** Characters within a number, {@value #MOST_BETWEEN} in a row at most. */
    private static final String BETWEEN =
            " \u00A0\u2009\u202F\u3000.-\u2010\u2011\u2012\u2013\u2014\u2015\uFF0D\u30FC/()\uFF08\uFF09·";

    private static final int MOST_BETWEEN = 3;
    private static final String IN_FRONT = "+\uFF0B(\uFF08";
    private static final Pattern PLUS = Pattern.compile("[(\uFF08]?[+\uFF0B]");
    private static final Pattern NEXT = Pattern.compile("(?<=\\p{Nd}) (?=[0(])");
    private static final Pattern DIGITS = Pattern.compile("\\p{Nd}+");
    private static final Pattern DATE = Pattern.compile(
            "(?:19|20)\\d\\d([-./])\\d{1,2}\\1\\d{1,2}(?:[ T]\\d{1,2})?|\\d{1,2}([-./])\\d{1,2}\\2(?:19|20)\\d\\d(?: \\d{1,2})?");
    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(?:\\.\\d{1,3}){3}");
    private static final String LETTER = "[\\p{IsLatin}\\p{IsCyrillic}\\p{IsGreek}]";
    private static final Pattern GLUE_BEFORE = Pattern.compile("(?:" + LETTER + "[-/]?|[$€£¥₹_#]|[$€£¥₹] )$");
    private static final Pattern GLUE_AFTER = Pattern.compile("^(?:[-/]?" + LETTER + "|[%$€£¥₹_]| [%$€£¥₹])");

    private final List<NumberingPlan> plans;
    private final Set<Integer> callingCodes = PhoneNumberUtil.getInstance().getSupportedCallingCodes();

    /** @param regions of {@link #regions}; builds what is needed to know them, some milliseconds for each */
    public Telephones(Collection<String> regions) {
        this.plans = regions.stream().distinct().map(NumberingPlan::new).toList();
        // Its words are read, too, before anything is looked for.
        NumberWords.Kind unused = NumberWords.around("1", 0, 1);
    }

    /** Two capital letters of ISO 3166 for every region that has telephone numbers. */
    public static Set<String> regions() {
        return PhoneNumberUtil.getInstance().getSupportedRegions();
    }

    /** Some digits of a text. */
    private record Candidate(String text, int from, int to) {

        String written() {
            return text.substring(from, to);
        }

        boolean isInternational() {
            return PLUS.matcher(written()).lookingAt();
        }

        List<Integer> groups() {
            return DIGITS.matcher(written())
                    .results()
                    .map(group -> group.end() - group.start())
                    .toList();
        }

        String digits() {
            return written()
                    .chars()
                    .filter(Character::isDigit)
                    .mapToObj(c -> Integer.toString(Character.digit(c, 10)))
                    .collect(Collectors.joining());
        }

        /** Part of a code, or an amount of money. */
        boolean isGlued() {
            return GLUE_BEFORE
                            .matcher(text.substring(Math.max(0, from - 2), from))
                            .find()
                    || GLUE_AFTER
                            .matcher(text.substring(to, Math.min(text.length(), to + 2)))
                            .find();
        }
    }

    /** The numbers as they stand in the text. */
    public List<String> find(String text) {
        List<String> found = new ArrayList<>();
        int looked = 0;
        int at = 0;
        while (at < text.length()) {
            if (!Character.isDigit(text.charAt(at))) {
                at++;
                continue;
            }
            int end = end(text, at);
            for (Candidate candidate : candidates(text, begin(text, at), end)) {
                if (looked++ >= MOST) {
                    found.add(candidate.written());
                    return found;
                }
                if (isTelephone(candidate)) {
                    found.add(candidate.written());
                }
            }
            at = end;
        }
        return found;
    }

    /** With a plus and a bracket in front of it. */
    private static int begin(String text, int digit) {
        int from = digit;
        while (from > 0 && digit - from < IN_FRONT.length() / 2 && IN_FRONT.indexOf(text.charAt(from - 1)) >= 0) {
            from--;
        }
        return from;
    }

    private static int end(String text, int digit) {
        int end = digit + 1;
        for (int at = end; at < text.length() && at - end <= MOST_BETWEEN; at++) {
            if (Character.isDigit(text.charAt(at))) {
                end = at + 1;
            } else if (BETWEEN.indexOf(text.charAt(at)) < 0) {
                break;
            }
        }
        return end;
    }

    /** Those with enough digits; two numbers with a blank between them come apart where the second one begins with a zero or a bracket. */
    private static List<Candidate> candidates(String text, int from, int to) {
        if (to - from < FEWEST_DIGITS) {
            return List.of();
        }
        Candidate whole = new Candidate(text, from, to);
        if (whole.digits().length() <= MOST_DIGITS) {
            return Stream.of(whole).filter(Telephones::mayBe).toList();
        }
        List<Candidate> parts = new ArrayList<>();
        Matcher next = NEXT.matcher(whole.written());
        int begin = 0;
        while (next.find()) {
            int digits = new Candidate(text, from + begin, from + next.start())
                    .digits()
                    .length();
            if (digits >= FEWEST_DIGITS) {
                parts.add(new Candidate(text, from + begin, from + next.start()));
                begin = next.end();
            }
        }
        parts.add(new Candidate(text, from + begin, to));
        return parts.stream().filter(Telephones::mayBe).toList();
    }

    private static boolean mayBe(Candidate candidate) {
        int digits = candidate.digits().length();
        return digits >= FEWEST_DIGITS
                && digits <= MOST_DIGITS + 2
                && !candidate.isGlued()
                && !DATE.matcher(candidate.written()).matches()
                && !ADDRESS.matcher(candidate.written()).matches();
    }

    private boolean isTelephone(Candidate candidate) {
        String digits = candidate.digits();
        if (candidate.isInternational()) {
            return digits.length() >= FEWEST_INTERNATIONAL && digits.length() <= MOST_DIGITS && digits.charAt(0) != '0';
        }
        NumberWords.Kind kind = NumberWords.around(candidate.text, candidate.from, candidate.to);
        if (kind == NumberWords.Kind.OTHER) {
            return false;
        }
        if (digits.startsWith("00") && isBehindZeros(digits.substring(2))) {
            return true;
        }
        boolean called = kind == NumberWords.Kind.TELEPHONE;
        List<Integer> groups = candidate.groups();
        return digits.length() <= MOST_DIGITS
                && ((called && groups.equals(List.of(3, 3, 4)))
                        || plans.stream().anyMatch(plan -> plan.isTelephone(digits, groups, called)));
    }

    /** A country's code and a number: one that is in use, where the country's are known. */
    private boolean isBehindZeros(String digits) {
        if (digits.length() < FEWEST_BEHIND_ZEROS || digits.length() > MOST_DIGITS || digits.charAt(0) == '0') {
            return false;
        }
        for (int length = 1; length <= 3; length++) {
            int code = Integer.parseInt(digits.substring(0, length));
            if (callingCodes.contains(code)) {
                String significant = digits.substring(length);
                List<NumberingPlan> its = plans.stream()
                        .filter(plan -> plan.callingCode() == code)
                        .toList();
                return its.isEmpty() || its.stream().anyMatch(plan -> plan.isValid(significant));
            }
        }
        return false;
    }
}
