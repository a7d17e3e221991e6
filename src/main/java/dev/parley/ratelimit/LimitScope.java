package dev.parley.ratelimit;

import java.util.Locale;

/** Who shares what a limit allows. */
public enum LimitScope {
    TENANT,
    SUBJECT,
    CONVERSATION,
    ADDRESS;

    private final String word = name().toLowerCase(Locale.ROOT);

    String word() {
        return word;
    }
}
