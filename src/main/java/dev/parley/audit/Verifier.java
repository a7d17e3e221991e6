package dev.parley.audit;

import dev.parley.audit.Verdict.Broken;
import dev.parley.audit.Verdict.Reason;
import org.jspecify.annotations.Nullable;

/**
 * Follows one chain from its beginning, page by page. For one trail, one page at a time.
 *
 * <p>What can't be seen here: that the newest entries <em>and</em> the head beside them were put back to an earlier state in Redis before
 * PostgreSQL had them. The feed and backups may tell.
 */
final class Verifier {

    private final Chain chain;
    private final Trail trail;
    /** Whether the oldest entries go after a while, by the operator's will. */
    private final boolean retention;

    private long entries;
    private long first;
    private long last;
    private String mac = "";
    private @Nullable Broken broken;

    Verifier(Chain chain, Trail trail, boolean retention) {
        this.chain = chain;
        this.trail = trail;
        this.retention = retention;
    }

    long last() {
        return last;
    }

    /** Looks at the next page; false when there is no need for more. */
    boolean accepts(Page page) {
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
        boolean mayBegin = entry.seq() == 1 || retention || entry.seq() == trimmed + 1;
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
        return chained ? null : Reason.UNCHAINED;
    }

    /** The head was read together with the last page. */
    private void end(@Nullable Head head) {
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

    Verdict verdict() {
        return new Verdict(entries, first, last, broken, chain.keyed());
    }
}
