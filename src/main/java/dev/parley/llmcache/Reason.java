package dev.parley.llmcache;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Why an answer does not come from the cache, or does not go into it. Each is counted, and told to whoever asked. */
public enum Reason {
    /** There is none. */
    ABSENT,
    /** There is one that is past its time: whoever is told so refreshes it. */
    STALE,
    /** There is one, older than the caller wants it. */
    TOO_OLD,
    /** There was one, of something that has been invalidated; or that has happened while it was computed. */
    INVALIDATED,
    /** Somebody computes it, and it was not waited for (any longer). */
    IN_FLIGHT,
    /** Somebody has computed it just now, and it may not be kept. */
    UNCACHEABLE,
    /** There is one, and it can't be read. */
    DAMAGED,
    /** Redis is away. */
    UNAVAILABLE,
    /** The category is {@link Category#NONE}. */
    CATEGORY,
    /** There was more than one turn: what the answer depends on is somebody's own. */
    MULTI_TURN,
    /** It has personal data. */
    PII,
    /** A temperature above the bound: it is to be another one each time. */
    TEMPERATURE,
    /** It asks about today, now, the latest. */
    TIME_SENSITIVE,
    /** The answer calls tools, and the caller has not allowed that. */
    TOOL_CALLS,
    /** The answer did not end by itself. */
    FINISH_REASON,
    /** The answer was cut off. */
    TRUNCATED,
    /** The answer says nothing: no text, no call of a tool, no refusal, no numbers. */
    EMPTY,
    /** The answer is an error. */
    STATUS,
    /** It is to be kept for no time at all. */
    TTL,
    /** It is larger than an entry may be. */
    TOO_LARGE,
    /** Somebody else has taken over, or has answered since. */
    SUPERSEDED;

    private static final Set<Reason> WAIVABLE = Set.of(MULTI_TURN, TEMPERATURE, TIME_SENSITIVE, TOOL_CALLS);

    private final String wire = name().toLowerCase(Locale.ROOT);

    /** Those of the rules that a caller may set aside, as callers write them. */
    public static Set<String> waivable() {
        return WAIVABLE.stream().map(Reason::wire).collect(Collectors.toUnmodifiableSet());
    }

    /** @throws IllegalArgumentException when there is none */
    public static Reason of(String wire) {
        return Arrays.stream(values())
                .filter(reason -> reason.wire.equals(wire))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no reason " + wire));
    }

    public String wire() {
        return wire;
    }
}
