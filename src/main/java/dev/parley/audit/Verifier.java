package dev.parley.audit;

import dev.parley.audit.ChainVerification.Broken;
import dev.parley.audit.ChainVerification.Reason;
import org.jspecify.annotations.Nullable;

/**
 * Follows one chain from its beginning, page by page. For one trail, one page at a time.
 *
 * <p>ADR 13 says what it can't detect.
 */
final class Verifier {

    private final Chain chain;
    private final Trail trail;
    /** Whether the oldest entries are dropped after a while, by the operator's setting. */
    private final boolean retention;
    /** Whether PostgreSQL has the entries that Redis no longer has. */
    private final boolean archived;

    private ArchivedTrails.@Nullable SealedHead end;
    private boolean fromArchive;
    private long entries;
    private long first;
    private long last;
    private String mac = "";
    private @Nullable Broken broken;

    Verifier(Chain chain, Trail trail, boolean retention, boolean archived) {
        this.chain = chain;
        this.trail = trail;
        this.retention = retention;
        this.archived = archived;
    }

    /** Called before the pages: what was archived by then is in them. */
    void mustReach(ArchivedTrails.SealedHead sealed) {
        end = sealed;
    }

    /** Whether there are archived entries without a recorded end. */
    boolean lacksEnd() {
        return broken == null && fromArchive && end == null;
    }

    long last() {
        return last;
    }

    /** Verifies the next page; false if no more are needed. */
    boolean accepts(AuditPage page) {
        fromArchive |= page.archived();
        for (AuditEntry entry : page.entries()) {
            Reason reason = wrong(entry, page.trimmed());
            if (reason != null) {
                broken = new Broken(reason == Reason.MISSING ? expected() : entry.seq(), reason);
                return false;
            }
            first = first == 0 ? entry.seq() : first;
            last = entry.seq();
            mac = entry.mac();
            entries++;
        }
        if (page.full()) {
            return true;
        }
        end(page.head());
        return false;
    }

    private long expected() {
        return last + 1;
    }

    private @Nullable Reason wrong(AuditEntry entry, long trimmed) {
        boolean begins = entries == 0;
        boolean mayBegin = entry.seq() == 1 || retention || (!archived && entry.seq() == trimmed + 1);
        if (begins ? !mayBegin : entry.seq() > expected()) {
            return Reason.MISSING;
        }
        if (!begins && entry.seq() < expected()) {
            return Reason.REPEATED;
        }
        if (!chain.sealed(trail, entry)) {
            return Reason.CHANGED;
        }
        boolean chained = (begins && entry.seq() > 1) || entry.prev().equals(mac);
        if (!chained) {
            return Reason.UNCHAINED;
        }
        return end != null
                        && end.head().seq() == entry.seq()
                        && !end.head().mac().equals(entry.mac())
                ? Reason.HEAD
                : null;
    }

    /** Verifies the end; the head was read together with the last page. */
    private void end(@Nullable TrailHead head) {
        if (end != null && !chain.seal(trail, end.head()).equals(end.seal())) {
            broken = new Broken(end.head().seq(), Reason.HEAD);
            return;
        }
        // Retention may have dropped all of it.
        if (end != null && end.head().seq() > last && !(retention && entries == 0)) {
            broken = new Broken(expected(), Reason.MISSING);
            return;
        }
        if (head == null) {
            return;
        }
        if (head.seq() > last) {
            broken = new Broken(expected(), Reason.MISSING);
        } else if (head.seq() < last) {
            broken = new Broken(head.seq() + 1, Reason.HEAD);
        } else if (!head.mac().equals(mac)) {
            broken = new Broken(last, Reason.HEAD);
        }
    }

    /** @param ended false if there are archived entries and no recorded end */
    ChainVerification verdict(boolean ended) {
        if (!ended) {
            broken = new Broken(last, Reason.HEAD);
        }
        return new ChainVerification(entries, first, last, broken, chain.keyed());
    }
}
