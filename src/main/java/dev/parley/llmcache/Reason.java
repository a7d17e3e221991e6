package dev.parley.llmcache;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Why a response does not come from the cache, or is not stored. Each is counted, and reported to the caller. */
public enum Reason {
    /** There is no entry. */
    ABSENT,
    /** The entry is past its time: the caller that receives this refreshes it. */
    STALE,
    /** The entry is older than the caller accepts. */
    TOO_OLD,
    /** The entry was invalidated, or an invalidation came while it was computed. */
    INVALIDATED,
    /** Another caller computes it, and this one did not wait (any longer). */
    IN_FLIGHT,
    /** Another caller has just computed it, and it may not be kept. */
    UNCACHEABLE,
    /** The entry can't be read. */
    DAMAGED,
    /** Redis is unavailable. */
    UNAVAILABLE,
    /** The category is {@link Category#NONE}. */
    CATEGORY,
    /** The request has more than one turn, so the response belongs to one conversation. */
    MULTI_TURN,
    /** Personal data. */
    PII,
    /** A temperature above the bound: the caller wants varying responses. */
    TEMPERATURE,
    /** The question asks about today, now, the latest. */
    TIME_SENSITIVE,
    /** The response calls tools, and the caller has not allowed that. */
    TOOL_CALLS,
    /** The response did not end by itself. */
    FINISH_REASON,
    /** The response was cut off. */
    TRUNCATED,
    /** The response has no content: no text, no tool call, no refusal, no numbers. */
    EMPTY,
    /** The response is an error. */
    STATUS,
    /** The time to live is zero. */
    TTL,
    /** The response is larger than an entry may be. */
    TOO_LARGE,
    /** Another caller has taken over, or has answered since. */
    SUPERSEDED;

    private static final Set<Reason> WAIVABLE = Set.of(MULTI_TURN, TEMPERATURE, TIME_SENSITIVE, TOOL_CALLS);

    private final String wire = name().toLowerCase(Locale.ROOT);

    /** The rules that a caller may waive, by the names that callers use. */
    public static Set<String> waivable() {
        return WAIVABLE.stream().map(Reason::wire).collect(Collectors.toUnmodifiableSet());
    }

    /** @throws IllegalArgumentException when there is no such reason */
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
