package dev.parley.store;

import dev.parley.error.ErrorCode;
import dev.parley.error.ParleyException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The outcome of one event of a batch: appended, or rejected for a reason of its own. One of the two is null. */
public record AppendResult(
        @Nullable StoredEvent appended, @Nullable ParleyException refusal) {

    /** Whether Redis could not take it now, but may later. */
    public boolean isPassing() {
        return refusal != null && refusal.code() == ErrorCode.UNAVAILABLE;
    }

    /** The stored event; throws the {@link ParleyException} if it was rejected. */
    public StoredEvent orThrow() {
        if (appended == null) {
            throw Objects.requireNonNull(refusal);
        }
        return appended;
    }

    static AppendResult of(Object element) {
        try {
            return new AppendResult(AppendScript.answer(element), null);
        } catch (ParleyException refusal) {
            return new AppendResult(null, refusal);
        }
    }
}
