package dev.parley.chaos;

/** Redis Stream ids, compared as a server does. */
final class Positions {

    private Positions() {}

    static boolean after(String one, String other) {
        long[] a = parts(one);
        long[] b = parts(other);
        return a[0] > b[0] || (a[0] == b[0] && a[1] > b[1]);
    }

    private static long[] parts(String position) {
        String[] words = position.split("-", -1);
        return new long[] {Long.parseLong(words[0]), words.length > 1 ? Long.parseLong(words[1]) : 0};
    }
}
