package dev.parley.bench.report;

import java.util.Locale;

/** Numbers as people read them. */
final class Numbers {

    private Numbers() {}

    /** Three digits that count, or all of those before the point. */
    static String text(double value) {
        if (!Double.isFinite(value)) {
            return Double.isNaN(value) ? "–" : "∞";
        }
        double size = Math.abs(value);
        if (size >= 100 || value == Math.rint(value)) {
            return format("%,.0f", value);
        }
        return size >= 10 ? format("%.1f", value) : size >= 1 ? format("%.2f", value) : format("%.3f", value);
    }

    /** As short as goes, for an axis: 1.5k. */
    static String tick(double value) {
        double size = Math.abs(value);
        if (size >= 1e6) {
            return shortest(value / 1e6) + "M";
        }
        return size >= 1e3 ? shortest(value / 1e3) + "k" : shortest(value);
    }

    static String ratio(double ratio) {
        if (!Double.isFinite(ratio)) {
            return "";
        }
        return "×" + (ratio >= 9.95 ? format("%,.0f", ratio) : format("%.2f", ratio));
    }

    static String coordinate(double value) {
        return shortest(Math.rint(value * 10) / 10);
    }

    private static String shortest(double value) {
        String text = format("%.6f", value);
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
