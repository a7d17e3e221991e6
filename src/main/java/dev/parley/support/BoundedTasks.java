package dev.parley.support;

import java.util.concurrent.Semaphore;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** Work that nobody waits for: so much of it at once, and none when its owner is disposed of. Thread-safe. */
public final class BoundedTasks implements Disposable {

    private final Semaphore free;
    private final Disposable.Composite running = Disposables.composite();

    /** @param most at once */
    public BoundedTasks(int most) {
        this.free = new Semaphore(most);
    }

    /**
     * Begins some of it.
     *
     * @param work tells of its errors itself
     * @return whether it has begun: not where there is too much already, or this is disposed of
     */
    public boolean begin(Mono<?> work) {
        if (!free.tryAcquire()) {
            return false;
        }
        Disposable.Swap one = Disposables.swap();
        if (!running.add(one)) {
            free.release();
            return false;
        }
        one.update(work.doFinally(end -> {
                    running.remove(one);
                    free.release();
                })
                .onErrorComplete()
                .subscribe());
        return true;
    }

    @Override
    public void dispose() {
        running.dispose();
    }

    @Override
    public boolean isDisposed() {
        return running.isDisposed();
    }
}
