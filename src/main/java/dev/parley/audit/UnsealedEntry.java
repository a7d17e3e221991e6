package dev.parley.audit;

import dev.parley.auth.Access;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * An entry that is still to be chained.
 *
 * @param conversation that it is about, which may be another tenant's when the trail is a tenant's
 * @param access of whoever did it; their tenant is the entry's
 * @param agent who did it
 * @param action what, such as {@code message.sent}
 * @param details a JSON object, kept byte for byte
 * @param timestamp RFC 3339 in UTC, to the millisecond
 * @param id the same id again in the same trail adds nothing
 */
record UnsealedEntry(
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
