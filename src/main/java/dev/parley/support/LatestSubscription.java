package dev.parley.support;

import java.util.function.Supplier;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * One subscription after another, of which the latest counts. Thread-safe.
 *
 * <p>A subscription's result may begin the next one, on another thread, before {@code subscribe} has returned here. With a {@link
 * Disposable.Swap} alone the ended subscription would then replace the next one, which would be disposed of.
 */
public final class LatestSubscription implements Disposable {

    private final Disposable.Swap latest = Disposables.swap();

    /** Begins the next one and disposes of the one before it. After {@link #dispose} the next one is disposed of immediately. */
    public void begin(Supplier<Disposable> next) {
        Disposable.Swap own = Disposables.swap();
        latest.update(own);
        own.update(next.get());
    }

    @Override
    public void dispose() {
        latest.dispose();
    }

    @Override
    public boolean isDisposed() {
        return latest.isDisposed();
    }
}
