package dev.parley.audit;

import org.jspecify.annotations.Nullable;

/**
 * The place of an appended entry in its trail.
 *
 * @param entry null if the trail already had its id
 */
public record AppendResult(long seq, @Nullable AuditEntry entry) {

    public boolean duplicate() {
        return entry == null;
    }
}
