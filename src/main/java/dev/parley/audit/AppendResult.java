package dev.parley.audit;

import org.jspecify.annotations.Nullable;

/**
 * Where a draft is in its trail now.
 *
 * @param entry null when the trail has had its id before
 */
public record AppendResult(long seq, @Nullable AuditEntry entry) {

    public boolean duplicate() {
        return entry == null;
    }
}
