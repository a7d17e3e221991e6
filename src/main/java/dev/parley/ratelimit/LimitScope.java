package dev.parley.ratelimit;

import java.util.Locale;

/** The group that shares a limit. */
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
