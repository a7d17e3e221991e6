package dev.parley.audit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * @param key what entries are sealed with; null for none
 * @param maxEntries newest entries of a trail that Redis keeps; older ones are let go, with PostgreSQL once that has them
 * @param ttl how long Redis keeps a trail after its last entry, with PostgreSQL once that has all of it
 * @param retention how long PostgreSQL keeps an entry; null for ever
 * @param defaultTenant owner of conversations that only agents wrote to
 * @param node this archiver's name among the nodes
 * @param claimAfter when another node's archiver is taken for dead
 */
public record AuditSettings(
        byte @Nullable [] key,
        int maxEntries,
        Duration ttl,
        @Nullable Duration retention,
        String defaultTenant,
        String node,
        Duration claimAfter) {

    @Override
    public String toString() {
        return "AuditSettings of " + node;
    }
}
