package dev.parley.llmcache.text;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.PhoneNumberUtil.Leniency;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberFormat;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberType;
import com.google.i18n.phonenumbers.Phonenumber.PhoneNumber;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A region's telephone numbers, by libphonenumber. Each plan has a library of its own: one keeps 100 compiled patterns, and a region needs a
 * dozen. Everything is loaded and compiled when a plan is built, so nothing blocks later. Thread-safe.
 */
final class NumberingPlan {

    /** Digits of a number that counts without a word about telephones beside it; shorter ones are too common. */
    private static final int LONG = 9;

    /** Groups of a number that nobody writes a part number in. */
    private static final int MANY_GROUPS = 4;

    private static final Pattern NO_DIGITS = Pattern.compile("\\D+");

    private final PhoneNumberUtil library = PhoneNumberUtil.createInstance(PhoneNumberUtil.class::getResourceAsStream);
    private final String region;
    private final int callingCode;

    /** Dialled in front of a number within the region; empty where there is none. */
    private final String prefix;

    /** By how many digits a number may have behind its prefix. */
    private final boolean[] possible = new boolean[18];

    /** Whether it is always written. */
    private final boolean needsPrefix;

    /**
     * @param region one of {@link Telephones#regions}
     * @throws IllegalArgumentException when it is not
     */
    NumberingPlan(String region) {
        if (!Telephones.regions().contains(region)) {
            throw new IllegalArgumentException("no region that has telephone numbers: " + region);
        }
        this.region = region;
        this.callingCode = library.getCountryCodeForRegion(region);
        this.prefix = Objects.requireNonNullElse(library.getNddPrefixForRegion(region, true), "");
        List<String> examples = Stream.of(PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
                .map(type -> library.getExampleNumberForType(region, type))
                .filter(Objects::nonNull)
                .map(library::getNationalSignificantNumber)
                .toList();
        this.needsPrefix = !prefix.isEmpty() && examples.stream().noneMatch(this::isFound);
        library.getRegionCodesForCountryCode(callingCode).forEach(library::getExampleNumber);
        for (int length = 1; length < possible.length; length++) {
            PhoneNumber number = new PhoneNumber().setCountryCode(callingCode).setNationalNumber(power(length - 1));
            possible[length] = library.isPossibleNumber(number);
        }
        for (String example : examples) {
            boolean unused = isTelephone(prefix + example, List.of(prefix.length() + 1, example.length() - 1), false);
        }
    }

    private static long power(int of) {
        long ten = 1;
        for (int i = 0; i < of; i++) {
            ten *= 10;
        }
        return ten;
    }

    private boolean isFound(String digits) {
        return library.findNumbers(digits, region, Leniency.VALID, 1).iterator().hasNext();
    }

    int callingCode() {
        return callingCode;
    }

    /** Whether a number behind this plan's calling code is in use. */
    boolean isValid(String significant) {
        PhoneNumber number = parsed("+" + callingCode + significant);
        return number != null && library.isValidNumber(number);
    }

    /**
     * Whether that is a number as it is written in the region.
     *
     * @param groups how many digits stand together, in their order
     * @param called whether words beside it say that it is one: then it may be written in any way
     */
    boolean isTelephone(String digits, List<Integer> groups, boolean called) {
        if (!isPossible(digits)
                || (!called && (digits.length() < LONG || (needsPrefix && !digits.startsWith(prefix))))) {
            return false;
        }
        PhoneNumber number = parsed(digits);
        if (number == null || number.getCountryCode() != callingCode || !library.isValidNumber(number)) {
            return false;
        }
        return called || groups.size() == 1 || isGrouped(number, groups);
    }

    /** A cheap look at its length, for most of those that are none. */
    private boolean isPossible(String digits) {
        int behind = digits.length() - prefix.length();
        return (digits.length() < possible.length && possible[digits.length()])
                || (behind > 0 && behind < possible.length && possible[behind] && digits.startsWith(prefix));
    }

    /** As the library writes it; or at least with an area code where that ends, and in groups as people read numbers out. */
    private boolean isGrouped(PhoneNumber number, List<Integer> groups) {
        boolean apart = groups.size() > 2 && groups.get(0) == prefix.length() && groups.get(0) < 3;
        List<Integer> written = apart ? groups.subList(1, groups.size()) : groups;
        String international = library.format(number, PhoneNumberFormat.INTERNATIONAL);
        List<Integer> behindCode = groups(international.substring(international.indexOf(' ') + 1));
        List<Integer> national = groups(library.format(number, PhoneNumberFormat.NATIONAL));
        if (groups.equals(national) || written.equals(national) || written.equals(behindCode)) {
            return true;
        }
        int first = written.get(0);
        int slack = written.size() >= MANY_GROUPS ? 1 : 0;
        return (first < MANY_GROUPS || needsPrefix)
                && (Math.abs(first - national.get(0)) <= slack || Math.abs(first - behindCode.get(0)) <= slack);
    }

    private static List<Integer> groups(String formatted) {
        return Stream.of(NO_DIGITS.split(formatted))
                .filter(group -> !group.isEmpty())
                .map(String::length)
                .toList();
    }

    private @Nullable PhoneNumber parsed(String digits) {
        try {
            return library.parse(digits, region);
        } catch (NumberParseException e) {
            return null;
        }
    }
}
