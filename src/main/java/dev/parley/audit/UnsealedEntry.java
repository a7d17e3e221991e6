package dev.parley.audit;

import dev.parley.auth.Access;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * An entry to be chained.
 *
 * @param conversation that it is about, which may be another tenant's when the trail is a tenant's
 * @param access of the actor, whose tenant is the entry's
 * @param agent the actor
 * @param action such as {@code message.sent}
 * @param details a JSON object, kept byte for byte
 * @param timestamp RFC 3339 in UTC, to the millisecond
 * @param id a repeated id in the same trail adds nothing
 */
public record UnsealedEntry(
        Trail trail,
        String conversation,
        Access access,
        String agent,
        String action,
        String details,
        String timestamp,
        String id) {

    static String now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    }

    UnsealedEntry in(Trail other) {
        return new UnsealedEntry(
                other, conversation, new Access(access.tenant(), false, true), agent, action, details, timestamp, id);
    }
}
