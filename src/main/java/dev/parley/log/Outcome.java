package dev.parley.log;

import dev.parley.frame.ErrorCode;
import dev.parley.frame.Refusal;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What became of one event of a batch: appended, or refused for a reason of its own. One of the two is null. */
public record Outcome(@Nullable Appended appended, @Nullable Refusal refusal) {

    /** Whether Redis could not take it now, but may later. */
    public boolean isPassing() {
        return refusal != null && refusal.code() == ErrorCode.UNAVAILABLE;
    }

    /** Where it is; throws the {@link Refusal} when it was refused. */
    public Appended orThrow() {
        if (appended == null) {
            throw Objects.requireNonNull(refusal);
        }
        return appended;
    }

    static Outcome of(Object element) {
        try {
            return new Outcome(AppendScript.answer(element), null);
        } catch (Refusal refusal) {
            return new Outcome(null, refusal);
        }
    }
}
