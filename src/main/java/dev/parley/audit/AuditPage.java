package dev.parley.audit;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some entries of a trail.
 *
 * @param head the end of the chain in Redis; null if Redis has none
 * @param trimmed the last number that Redis no longer has
 * @param archived whether some entries came from PostgreSQL
 * @param full whether there may be more
 */
public record AuditPage(
        List<AuditEntry> entries, @Nullable TrailHead head, long trimmed, boolean archived, boolean full) {}
